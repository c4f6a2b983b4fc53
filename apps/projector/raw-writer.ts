/**
 * The statements of one projector on the warehouse (design §9): stage, decide, insert through the
 * fence, read back. Every fenced statement carries its tag, so that a new owner can wait for it.
 */
import { eventColumns } from '@tollgate/adapters/warehouse/event-columns.ts';
import { positionColumns } from '@tollgate/adapters/warehouse/migrations.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { CountedRow } from './dispositions.ts';
import type { ProjectedRow } from './projection.ts';
import { linesOf } from './row-lines.ts';

/** Statements with this comment write through the fence. */
export const FENCED = '/* tollgate-fenced */';

/**
 * One row per sorting key is inserted anyhow: looking for more of them, as a merge does, took a third
 * of a roll-up's time.
 */
export const AS_GROUPED = 'SETTINGS optimize_on_insert = 0';

/** True for rows whose epoch is the newest of their partition. */
const FENCE_HOLDS = `(log, partition, insert_epoch) IN (
  SELECT log, partition, max(epoch) FROM tollgate.fence GROUP BY log, partition)`;

const EVENT_COLUMNS = eventColumns.map(({ name }) => `\`${name}\``).join(', ');
const POSITION_COLUMNS = 'log, partition, `offset`, disposition, dead_reason, insert_epoch, id_key';
const VERSION = 'bitShiftLeft(toUInt64(log), 48) + `offset` + 1';

/** Two staging areas: one is filled while the other one is inserted. */
export type Slot = 0 | 1;
const SLOTS: readonly Slot[] = [0, 1];

export type Range = { partition: number; first: bigint; last: bigint };

export class RawWriter {
  readonly #warehouse: Warehouse;
  readonly #log: number;
  readonly #name: string;

  /** @param name unique among the projectors of this warehouse; letters, digits and _ */
  constructor(warehouse: Warehouse, log: number, name: string) {
    this.#warehouse = warehouse;
    this.#log = log;
    this.#name = name;
  }

  #stageTable(slot: Slot): string {
    return `tollgate.stage_${this.#name}_${slot}`;
  }

  #keysTable(slot: Slot): string {
    return `tollgate.stage_keys_${this.#name}_${slot}`;
  }

  async open(): Promise<void> {
    const columns = eventColumns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
    await this.drop();
    for (const slot of SLOTS) {
      await this.#warehouse.command(
        `CREATE TABLE ${this.#stageTable(slot)} (${positionColumns}, leaf_hex String, ${columns})
         ENGINE = Memory`,
      );
      await this.#warehouse.command(
        `CREATE TABLE ${this.#keysTable(slot)} (id_key UInt128) ENGINE = Memory`,
      );
    }
  }

  async drop(): Promise<void> {
    for (const slot of SLOTS) {
      await this.#warehouse.command(`DROP TABLE IF EXISTS ${this.#stageTable(slot)}`);
      await this.#warehouse.command(`DROP TABLE IF EXISTS ${this.#keysTable(slot)}`);
    }
  }

  async clear(slot: Slot): Promise<void> {
    await this.#warehouse.command(`TRUNCATE TABLE ${this.#stageTable(slot)}`);
    await this.#warehouse.command(`TRUNCATE TABLE ${this.#keysTable(slot)}`);
  }

  /** The counted rows that have one of these keys. The slot is clear. */
  async counted(slot: Slot, keys: ReadonlySet<string>): Promise<Map<string, CountedRow>> {
    if (keys.size === 0) return new Map();
    const lines = [...keys].map((key) => `{"id_key":"${key}"}\n`).join('');
    await this.#warehouse.loadLines(this.#keysTable(slot), lines);
    // seam: dedupe-lookup
    const rows = await this.#warehouse.query<{ key: string; leaf: string; resolvable: number }>(
      `SELECT toString(id_key) AS key, lower(hex(leaf_hash)) AS leaf,
         toUInt8(type = 'attempt' AND (isNull(cost) OR usage_source = 'estimated')) AS resolvable
       FROM tollgate.raw_usage
       WHERE disposition = 'counted' AND id_key IN (SELECT id_key FROM ${this.#keysTable(slot)})`,
    );
    return new Map(
      rows.map(({ key, leaf, resolvable }) => [
        key,
        { leafHex: leaf, resolvable: resolvable === 1 },
      ]),
    );
  }

  /** Into a slot without rows. @throws WarehouseError if the engine cannot read a row: none is staged */
  async stage(
    slot: Slot,
    rows: readonly ProjectedRow[],
    epochs: ReadonlyMap<number, bigint>,
  ): Promise<void> {
    await this.#warehouse.loadLines(this.#stageTable(slot), linesOf(this.#log, rows, epochs));
  }

  /** Before the raw rows, so that no bucket can change without being known as changed. */
  async markDirty(slot: Slot): Promise<void> {
    await this.#warehouse.command(
      `INSERT INTO tollgate.dirty_bucket ${FENCED}
       SELECT log, partition, customer_id,
         toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 15 MINUTE) AS bucket,
         max(${VERSION}), 0
       FROM ${this.#stageTable(slot)} WHERE disposition = 'counted' AND ${FENCE_HOLDS}
       GROUP BY log, partition, customer_id, bucket ${AS_GROUPED}`,
    );
  }

  async insertStaged(slot: Slot): Promise<void> {
    // seam: insert-behind-the-fence
    await this.#warehouse.command(
      `INSERT INTO tollgate.raw_usage (${POSITION_COLUMNS}, leaf_hash, ${EVENT_COLUMNS}) ${FENCED}
       SELECT ${POSITION_COLUMNS}, toFixedString(unhex(leaf_hex), 32), ${EVENT_COLUMNS}
       FROM ${this.#stageTable(slot)} WHERE ${FENCE_HOLDS}
       SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1`,
    );
  }

  /** How many rows of these ranges stand with these epochs. */
  async countOwn(ranges: readonly Range[], epochs: ReadonlyMap<number, bigint>): Promise<number> {
    const parts = ranges.map(({ partition, first, last }) => {
      const epoch = epochs.get(partition) ?? 0n;
      return `(partition = ${partition} AND \`offset\` BETWEEN ${first} AND ${last}
        AND insert_epoch = ${epoch})`;
    });
    const rows = await this.#warehouse.query<{ rows: string }>(
      `SELECT count() AS rows FROM tollgate.raw_usage
       WHERE log = ${this.#log} AND (${parts.join(' OR ')})`,
    );
    return Number(rows[0]?.rows ?? 0);
  }
}

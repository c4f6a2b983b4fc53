/**
 * Fills log and warehouse faster than the projector could. The projector makes the rows of the first
 * slot. The engine then copies them with new ids, times and offsets, together with their roll-ups and
 * marks; these stay right because times move by whole buckets. The log gets as many positions, with one
 * byte in each: nothing reads below the offset at which the projector resumes, but at its start the
 * projector asserts that these positions exist and have one row each.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventColumns } from '@tollgate/adapters/warehouse/event-columns.ts';
import { rollupKeys, rollupSums } from '@tollgate/adapters/warehouse/rollup-columns.ts';
import { COMMIT_GROUP } from '@tollgate/projector/intent.ts';
import type { BenchStores } from '../stores.ts';

/** Event time of one slot: 58 buckets, so that 50 slots are a month. */
export const SLOT_MS = 58 * 900_000;

const APPEND_RECORDS = 20_000;
const SETTLE_MS = 500;
const SETTLE_LOOKS_MAX = 1_200;
const VALUE = Buffer.from('0');

const MOVED: Record<string, string> = {
  id: `concat(substring(hex_key, 1, 8), '-', substring(hex_key, 9, 4), '-',
    substring(hex_key, 13, 4), '-', substring(hex_key, 17, 4), '-', substring(hex_key, 21))`,
  time: 'addMilliseconds(time, {moved_ms:UInt64})',
  recorded_at: 'addMilliseconds(recorded_at, {moved_ms:UInt64})',
};
const EVENT_NAMES = eventColumns.map(({ name }) => `\`${name}\``).join(', ');
const EVENT_VALUES = eventColumns.map(({ name }) => MOVED[name] ?? `\`${name}\``).join(', ');
const ROLLUP_NAMES = [...rollupKeys, ...rollupSums].filter((name) => name !== 'bucket').join(', ');
const BASE = 'transform(partition, {partitions:Array(UInt32)}, {bases:Array(UInt64)}, toUInt64(0))';
const MOVED_BUCKET = 'addSeconds(bucket, intDiv({moved_ms:UInt64}, 1000))';

export class Filler {
  readonly #stores: BenchStores;
  readonly #startMs: number;
  /** Rows of the first slot, by partition. */
  readonly #rows: readonly number[];

  private constructor(stores: BenchStores, startMs: number, rows: readonly number[]) {
    this.#stores = stores;
    this.#startMs = startMs;
    this.#rows = rows;
  }

  static async open(stores: BenchStores, startMs: number): Promise<Filler> {
    const found = await stores.warehouse.query<{ partition: number; rows: string }>(
      `SELECT partition, count() AS rows FROM tollgate.raw_usage
       WHERE time < fromUnixTimestamp64Milli({end:Int64}) GROUP BY partition`,
      { end: startMs + SLOT_MS },
    );
    const rows = Array.from({ length: stores.log.partitions }, () => 0);
    for (const row of found) rows[row.partition] = Number(row.rows);
    return new Filler(stores, startMs, rows);
  }

  async copyTo(slot: number): Promise<void> {
    const { log, warehouse } = this.#stores;
    const bases = await log.ends();
    await this.#append();
    const params = {
      moved_ms: slot * SLOT_MS,
      end: this.#startMs + SLOT_MS,
      partitions: bases.map((_, partition) => partition),
      bases: bases.map(Number),
    };
    await warehouse.command(
      `INSERT INTO tollgate.raw_usage (log, partition, \`offset\`, disposition, dead_reason,
         insert_epoch, id_key, leaf_hash, ${EVENT_NAMES})
       WITH id_key + bitShiftLeft(toUInt128({moved_ms:UInt64}), 80) AS moved_key,
         lower(leftPad(hex(moved_key), 32, '0')) AS hex_key
       SELECT log, partition, \`offset\` + ${BASE}, disposition, dead_reason,
         insert_epoch, moved_key, leaf_hash, ${EVENT_VALUES}
       FROM tollgate.raw_usage AS raw
       WHERE raw.time < fromUnixTimestamp64Milli({end:Int64})
       SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1`,
      params,
    );
    await warehouse.command(
      `INSERT INTO tollgate.rollup_15m (log, partition, version, bucket, ${ROLLUP_NAMES})
       SELECT log, partition, version + ${BASE}, ${MOVED_BUCKET}, ${ROLLUP_NAMES}
       FROM tollgate.rollup_15m AS rolled FINAL
       WHERE rolled.bucket < fromUnixTimestamp64Milli({end:Int64})`,
      params,
    );
    await warehouse.command(
      `INSERT INTO tollgate.dirty_bucket
       SELECT log, partition, customer_id, ${MOVED_BUCKET} AS moved,
         max(marked_version + ${BASE}), max(rolled_version + ${BASE})
       FROM tollgate.dirty_bucket AS dirty
       WHERE dirty.bucket < fromUnixTimestamp64Milli({end:Int64})
       GROUP BY log, partition, customer_id, moved`,
      params,
    );
  }

  async #append(): Promise<void> {
    const records = this.#rows.flatMap((rows, partition) =>
      Array.from({ length: rows }, () => ({ partition, value: VALUE })),
    );
    for (let at = 0; at < records.length; at += APPEND_RECORDS) {
      await this.#stores.log.append(records.slice(at, at + APPEND_RECORDS));
    }
  }

  /** No batch is torn, and what merges has merged. */
  async settle(): Promise<void> {
    const { log, warehouse } = this.#stores;
    const ends = await log.ends();
    const commits = ends.map((offset, partition) => ({ partition, offset, metadata: '' }));
    await log.commit(COMMIT_GROUP, commits);
    for (let look = 0; look < SETTLE_LOOKS_MAX; look++) {
      const [row] = await warehouse.query<{ merges: string }>(
        "SELECT count() AS merges FROM system.merges WHERE database = 'tollgate'",
      );
      if (row?.merges === '0') return;
      await sleep(SETTLE_MS);
    }
  }
}

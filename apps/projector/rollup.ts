/**
 * Roll-ups (design §9): a closed bucket is computed again from all of its counted raw rows, and the
 * result replaces the one before. First the roll-up, then the mark, then the seam, so that a reader
 * sees each bucket once. I5: a roll-up is the sum of the counted rows, whatever order they came in.
 */
import { rollupSelect } from '@tollgate/adapters/warehouse/migrations.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { AS_GROUPED, FENCED } from './raw-writer.ts';
import { nextSeam, type Seam } from './seam.ts';

export type RollupDeps = {
  warehouse: Warehouse;
  log: number;
  /** Unique among the projectors of this warehouse. */
  name: string;
  bucketsMax: number;
};

/** Epoch and exclusive end of what is in raw, per partition. */
export type RollupState = {
  epochs: ReadonlyMap<number, bigint>;
  next: ReadonlyMap<number, bigint>;
};

export class Rollup {
  readonly #deps: RollupDeps;
  readonly #work: string;
  #seam: Seam = { newestS: 0, isLevel: true };

  constructor(deps: RollupDeps) {
    this.#deps = deps;
    this.#work = `tollgate.stage_rollup_${deps.name}`;
  }

  async open(): Promise<void> {
    await this.drop();
    await this.#deps.warehouse.command(
      `CREATE TABLE ${this.#work} (log UInt32, partition UInt32, customer_id String,
         bucket DateTime('UTC'), version UInt64, insert_epoch UInt64) ENGINE = Memory`,
    );
  }

  /** From now on these partitions are rolled up here, each from its own seam on. */
  async own(partitions: readonly number[]): Promise<void> {
    const { warehouse, log } = this.#deps;
    if (partitions.length === 0) return;
    // Every partition gets a seam. Up to one that another clock has moved ahead, all is rolled up.
    const lines = partitions.map((p) => `{"log":${log},"partition":${p},"seam":0}\n`);
    await this.#insert('tollgate.seam', lines.join(''));
    const rows = await warehouse.query<{ seam: number; lowest: number }>(
      `SELECT toUnixTimestamp(max(newest)) AS seam, toUnixTimestamp(min(newest)) AS lowest FROM (
         SELECT max(seam) AS newest FROM tollgate.seam
         WHERE log = {log:UInt32} AND partition IN {partitions:Array(UInt32)} GROUP BY partition)`,
      { log, partitions },
    );
    const newestS = Number(rows[0]?.seam ?? 0);
    this.#seam = { newestS, isLevel: Number(rows[0]?.lowest ?? 0) === newestS };
  }

  drop(): Promise<void> {
    return this.#deps.warehouse.command(`DROP TABLE IF EXISTS ${this.#work}`);
  }

  /** One pass. @returns true if nothing is left to do before the next bucket closes */
  async pass(state: RollupState, nowMs: number): Promise<boolean> {
    const { seamS, moves } = nextSeam(this.#seam, nowMs);
    const dirty = await this.#dirtyBelow(seamS, state);
    if (dirty.length > 0) {
      await this.#roll(dirty);
      if (dirty.length >= this.#deps.bucketsMax) return false;
    }
    if (moves) await this.#moveSeam(seamS, state);
    return true;
  }

  async #dirtyBelow(seamS: number, { epochs, next }: RollupState): Promise<string[]> {
    const rows = await this.#deps.warehouse.query<{
      partition: number;
      customer_id: string;
      at: number;
    }>(
      `SELECT partition, customer_id, toUnixTimestamp(bucket) AS at
       FROM tollgate.dirty_bucket WHERE log = {log:UInt32} AND bucket < {seam:UInt32}
         AND partition IN {partitions:Array(UInt32)}
       GROUP BY partition, customer_id, bucket HAVING max(marked_version) > max(rolled_version)
       ORDER BY bucket LIMIT {most:UInt32}`,
      {
        log: this.#deps.log,
        seam: seamS,
        partitions: [...epochs.keys()],
        most: this.#deps.bucketsMax,
      },
    );
    const base = BigInt(this.#deps.log) << 48n;
    return rows.map(({ partition, customer_id, at }) => {
      const version = base + (next.get(partition) ?? 0n);
      const epoch = epochs.get(partition) ?? 0n;
      return (
        `{"log":${this.#deps.log},"partition":${partition},` +
        `"customer_id":${JSON.stringify(customer_id)},"bucket":${Number(at)},` +
        `"version":${version},"insert_epoch":${epoch}}\n`
      );
    });
  }

  async #roll(dirty: readonly string[]): Promise<void> {
    const { warehouse } = this.#deps;
    await warehouse.command(`TRUNCATE TABLE ${this.#work}`);
    await this.#insert(this.#work, dirty.join(''));
    const fenced = `(SELECT * FROM ${this.#work} WHERE (log, partition, insert_epoch) IN (
      SELECT log, partition, max(epoch) FROM tollgate.fence GROUP BY log, partition))`;
    await warehouse.command(
      `INSERT INTO tollgate.rollup_15m
         (log, partition, version, ${rollupSelect.columns.join(', ')}) ${FENCED}
       SELECT work.log, work.partition, work.version, rolled.*
       FROM (
         SELECT ${rollupSelect.expressions} FROM tollgate.raw_usage
         WHERE disposition = 'counted'
           AND customer_id IN (SELECT customer_id FROM ${this.#work})
           AND time >= (SELECT min(bucket) FROM ${this.#work})
           AND time < (SELECT max(bucket) FROM ${this.#work}) + INTERVAL 15 MINUTE
           AND (customer_id, toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 15 MINUTE))
             IN (SELECT customer_id, bucket FROM ${this.#work})
         GROUP BY ${rollupSelect.groupBy}) AS rolled
       INNER JOIN ${fenced} AS work
         ON work.customer_id = rolled.customer_id AND work.bucket = rolled.bucket
       ${AS_GROUPED}`,
    );
    await warehouse.command(
      `INSERT INTO tollgate.dirty_bucket ${FENCED}
       SELECT log, partition, customer_id, bucket, 0, version FROM ${fenced} ${AS_GROUPED}`,
    );
  }

  async #moveSeam(seamS: number, { epochs }: RollupState): Promise<void> {
    const { log } = this.#deps;
    const lines = [...epochs.keys()].map(
      (partition) => `{"log":${log},"partition":${partition},"seam":${seamS}}\n`,
    );
    await this.#insert('tollgate.seam', lines.join(''));
    this.#seam = { newestS: seamS, isLevel: true };
  }

  #insert(table: string, lines: string): Promise<void> {
    return this.#deps.warehouse.insertLines(table, lines);
  }
}

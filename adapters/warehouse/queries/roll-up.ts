/**
 * What is the sum of a closed bucket, and up to when are buckets closed? Roll-ups are computed from
 * counted raw rows and replace what was there; dirty marks say which are out of date; the seam says
 * which buckets the views read from roll-ups.
 */
import { rollupKeys, rollupSelect, rollupSums } from '../rollup-columns.ts';
import type { Warehouse } from '../warehouse.ts';
import { AS_GROUPED, BUCKET_SQL } from './buckets.ts';
import { FENCE_HOLDS, FENCED } from './fence.ts';

/** A bucket to be rolled up, under the epoch of its partition. */
export type RollupWork = {
  log: number;
  partition: number;
  customerId: string;
  /** Its start, Unix seconds. */
  bucketS: number;
  /** What has been read (`rollupVersion`). */
  version: bigint;
  epoch: bigint;
};

/** @param name unique among the projectors of this warehouse; letters, digits and _ */
export function rollupTableOf(name: string): string {
  return `tollgate.stage_rollup_${name}`;
}

export function createRollupTable(warehouse: Warehouse, table: string): Promise<void> {
  return warehouse.command(
    `CREATE TABLE ${table} (log UInt32, partition UInt32, customer_id String,
       bucket DateTime('UTC'), version UInt64, insert_epoch UInt64) ENGINE = Memory`,
  );
}

export function dropRollupTable(warehouse: Warehouse, table: string): Promise<void> {
  return warehouse.command(`DROP TABLE IF EXISTS ${table}`);
}

/** Buckets below this instant whose newest mark is newer than their roll-up, oldest first. */
export async function dirtyBuckets(
  warehouse: Warehouse,
  log: number,
  where: { partitions: readonly number[]; belowS: number; limit: number },
): Promise<{ partition: number; customerId: string; bucketS: number }[]> {
  const rows = await warehouse.query<{ partition: number; customer_id: string; at: number }>(
    `SELECT partition, customer_id, toUnixTimestamp(bucket) AS at
     FROM tollgate.dirty_bucket WHERE log = {log:UInt32} AND bucket < {seam:UInt32}
       AND partition IN {partitions:Array(UInt32)}
     GROUP BY partition, customer_id, bucket HAVING max(marked_version) > max(rolled_version)
     ORDER BY bucket LIMIT {most:UInt32}`,
    { log, seam: where.belowS, partitions: where.partitions, most: where.limit },
  );
  return rows.map(({ partition, customer_id, at }) => {
    return { partition, customerId: customer_id, bucketS: Number(at) };
  });
}

/** First the roll-ups, then their marks: a bucket that a crash leaves is rolled up again. */
export async function rollUp(
  warehouse: Warehouse,
  table: string,
  buckets: readonly RollupWork[],
): Promise<void> {
  await warehouse.command(`TRUNCATE TABLE ${table}`);
  await warehouse.insertLines(table, buckets.map(lineOf).join(''));
  const fenced = `(SELECT * FROM ${table} WHERE ${FENCE_HOLDS})`;
  await warehouse.command(
    `INSERT INTO tollgate.rollup_15m
       (log, partition, version, ${[...rollupKeys, ...rollupSums].join(', ')}) ${FENCED}
     SELECT work.log, work.partition, work.version, rolled.*
     FROM (
       SELECT ${rollupSelect.expressions} FROM tollgate.raw_usage
       WHERE disposition = 'counted'
         AND customer_id IN (SELECT customer_id FROM ${table})
         AND time >= (SELECT min(bucket) FROM ${table})
         AND time < (SELECT max(bucket) FROM ${table}) + INTERVAL 15 MINUTE
         AND (customer_id, ${BUCKET_SQL}) IN (SELECT customer_id, bucket FROM ${table})
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

function lineOf({ log, partition, customerId, bucketS, version, epoch }: RollupWork): string {
  return (
    `{"log":${log},"partition":${partition},"customer_id":${JSON.stringify(customerId)},` +
    `"bucket":${bucketS},"version":${version},"insert_epoch":${epoch}}\n`
  );
}

/** Buckets that start below it are read from roll-ups. It never moves back: the newest row counts. */
export function writeSeams(
  warehouse: Warehouse,
  log: number,
  partitions: readonly number[],
  seamS: number,
): Promise<void> {
  const lines = partitions.map(
    (partition) => `{"log":${log},"partition":${partition},"seam":${seamS}}\n`,
  );
  return warehouse.insertLines('tollgate.seam', lines.join(''));
}

/** The newest and the oldest of the seams of these partitions, Unix seconds. */
export async function readSeams(
  warehouse: Warehouse,
  log: number,
  partitions: readonly number[],
): Promise<{ newestS: number; oldestS: number }> {
  const [row] = await warehouse.query<{ seam: number; lowest: number }>(
    `SELECT toUnixTimestamp(max(newest)) AS seam, toUnixTimestamp(min(newest)) AS lowest FROM (
       SELECT max(seam) AS newest FROM tollgate.seam
       WHERE log = {log:UInt32} AND partition IN {partitions:Array(UInt32)} GROUP BY partition)`,
    { log, partitions },
  );
  return { newestS: Number(row?.seam ?? 0), oldestS: Number(row?.lowest ?? 0) };
}

/** How do staged rows become raw rows: once, through the fence, and with their buckets marked? */
import { eventColumnNamesSql, stagedColumnsSql } from '../event-columns.ts';
import type { Warehouse } from '../warehouse.ts';
import { AS_GROUPED, BUCKET_SQL, ROW_VERSION_SQL } from './buckets.ts';
import { FENCE_HOLDS, FENCED } from './fence.ts';
import type { Stage } from './staging.ts';

const POSITION_COLUMNS = 'log, partition, `offset`, disposition, dead_reason, insert_epoch, id_key';

/** Before the raw rows, so that no bucket can change without being known as changed. */
export function markDirty(warehouse: Warehouse, stage: Stage): Promise<void> {
  return warehouse.command(
    `INSERT INTO tollgate.dirty_bucket ${FENCED}
     SELECT log, partition, customer_id, ${BUCKET_SQL} AS bucket, max(${ROW_VERSION_SQL}), 0
     FROM ${stage.rows} WHERE disposition = 'counted' AND ${FENCE_HOLDS}
     GROUP BY log, partition, customer_id, bucket ${AS_GROUPED}`,
  );
}

/** As one block; rows of an older epoch are left out. */
export async function insertStaged(warehouse: Warehouse, stage: Stage): Promise<void> {
  // seam: insert-behind-the-fence
  await warehouse.command(
    `INSERT INTO tollgate.raw_usage (${POSITION_COLUMNS}, leaf_hash, ${eventColumnNamesSql}) ${FENCED}
     SELECT ${POSITION_COLUMNS}, toFixedString(unhex(leaf_hex), 32), ${stagedColumnsSql}
     FROM ${stage.rows} WHERE ${FENCE_HOLDS}
     SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1`,
  );
}

/** Offsets of one partition, both ends included, and the epoch that they were inserted under. */
export type InsertedRange = { partition: number; first: bigint; last: bigint; epoch: bigint };

/** How many rows there are in these ranges, of these epochs. */
export async function countInserted(
  warehouse: Warehouse,
  log: number,
  ranges: readonly InsertedRange[],
): Promise<number> {
  const parts = ranges.map(
    ({ partition, first, last, epoch }) =>
      `(partition = ${partition} AND \`offset\` BETWEEN ${first} AND ${last}
        AND insert_epoch = ${epoch})`,
  );
  const rows = await warehouse.query<{ rows: string }>(
    `SELECT count() AS rows FROM tollgate.raw_usage
     WHERE log = ${log} AND (${parts.join(' OR ')})`,
  );
  return Number(rows[0]?.rows ?? 0);
}

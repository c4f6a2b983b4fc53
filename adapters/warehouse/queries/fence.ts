/**
 * Which epoch of a partition is in force, and does a statement of an older one still run? A fenced
 * statement carries a tag, so that a new owner can wait for it, and takes only rows whose epoch is the
 * newest of their partition.
 */
import type { Warehouse } from '../warehouse.ts';

/** Statements with this comment write through the fence. */
export const FENCED = '/* tollgate-fenced */';

/** True for rows whose epoch is the newest of their partition. */
export const FENCE_HOLDS = `(log, partition, insert_epoch) IN (
  SELECT log, partition, max(epoch) FROM tollgate.fence GROUP BY log, partition)`;

/** From now on no fenced statement takes rows of an older epoch of these partitions. */
export function writeEpochs(
  warehouse: Warehouse,
  log: number,
  epochs: ReadonlyMap<number, bigint>,
): Promise<void> {
  const lines = [...epochs].map(
    ([partition, epoch]) => `{"log":${log},"partition":${partition},"epoch":${epoch}}\n`,
  );
  return warehouse.insertLines('tollgate.fence', lines.join(''));
}

/** The epoch that is in force, of every partition of the log that has one. */
export async function newestEpochs(
  warehouse: Warehouse,
  log: number,
): Promise<Map<number, bigint>> {
  const rows = await warehouse.query<{ partition: number; newest: string }>(
    `SELECT partition, max(epoch) AS newest FROM tollgate.fence
     WHERE log = {log:UInt32} GROUP BY partition`,
    { log },
  );
  return new Map(rows.map(({ partition, newest }) => [partition, BigInt(newest)]));
}

/** Ids of the fenced statements that run now, of all projectors. */
export async function fencedStatements(warehouse: Warehouse): Promise<Set<string>> {
  const rows = await warehouse.query<{ query_id: string }>(
    `SELECT query_id FROM system.processes
     WHERE position(query, '${FENCED}') > 0 AND query NOT LIKE '%system.processes%'`,
  );
  return new Set(rows.map((row) => row.query_id));
}

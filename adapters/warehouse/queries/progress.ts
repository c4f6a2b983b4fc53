/** How far is the projector, and is every record that it has passed there once? */
import type { LogCut } from '@tollgate/domain/period/period-events.ts';
import type { Warehouse } from '../warehouse.ts';
import { belowCutSql } from './usage-set.ts';

/** `next`: the first offset above all rows. With as many rows as offsets below it, none is missing. */
export type Progress = { log: number; partition: number; rows: bigint; next: bigint };

/** Of every partition that has rows. */
export async function readProgress(warehouse: Warehouse): Promise<Progress[]> {
  const found = await warehouse.query<{
    log: number;
    partition: number;
    rows: string;
    next: string;
  }>(
    `SELECT log, partition, toString(rows) AS rows, toString(first_offset_without_row) AS next
     FROM tollgate.log_progress`,
  );
  return found.map((row) => ({ ...row, rows: BigInt(row.rows), next: BigInt(row.next) }));
}

/** Records that have their row, in all partitions. */
export async function countRows(warehouse: Warehouse): Promise<bigint> {
  const rows = await warehouse.query<{ rows: string }>(
    'SELECT toString(sum(rows)) AS rows FROM tollgate.log_progress',
  );
  return BigInt(rows[0]?.rows ?? 0);
}

/** Of the rows below a cut: how many there are, and of how many offsets. */
export type Continuity = { log: number; partition: number; rows: bigint; offsets: bigint };

/** Of every partition that has rows below the cut. */
export async function readContinuity(
  warehouse: Warehouse,
  logs: readonly LogCut[],
): Promise<Continuity[]> {
  const below = belowCutSql('cut', logs);
  const found = await warehouse.query<{
    log: number;
    partition: number;
    rows: string;
    offsets: string;
  }>(
    `SELECT log, partition, toString(count()) AS rows, toString(groupBitmap(\`offset\`)) AS offsets
     FROM tollgate.raw_usage WHERE ${below.where} GROUP BY log, partition`,
    below.params,
  );
  return found.map((row) => ({ ...row, rows: BigInt(row.rows), offsets: BigInt(row.offsets) }));
}

/** Of a customer's counted rows below a cut: how many there are, and of how many dedupe keys. */
export async function countKeys(
  warehouse: Warehouse,
  customerId: string,
  logs: readonly LogCut[],
): Promise<{ rows: bigint; keys: bigint }> {
  const below = belowCutSql('cut', logs);
  const [row] = await warehouse.query<{ rows: string; keys: string }>(
    `SELECT toString(count()) AS rows,
       toString(uniqExact(if(type = 'external', (source, id), ('', id)))) AS keys
     FROM tollgate.raw_usage
     WHERE customer_id = {customer:String} AND disposition = 'counted' AND ${below.where}`,
    { customer: customerId, ...below.params },
  );
  if (row === undefined) throw new Error('a count without a row');
  return { rows: BigInt(row.rows), keys: BigInt(row.keys) };
}

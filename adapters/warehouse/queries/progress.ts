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

/** Of one log, by partition. */
export async function readProgressOf(
  warehouse: Warehouse,
  log: number,
): Promise<Map<number, Pick<Progress, 'rows' | 'next'>>> {
  const rows = await warehouse.query<{ partition: number; rows: string; next: string }>(
    `SELECT partition, rows, first_offset_without_row AS next FROM tollgate.log_progress
     WHERE log = {log:UInt32}`,
    { log },
  );
  return new Map(
    rows.map((row) => [row.partition, { rows: BigInt(row.rows), next: BigInt(row.next) }]),
  );
}

/** The offsets of a range, both ends included, that have a row. A few batches at most. */
export async function offsetsWithRow(
  warehouse: Warehouse,
  { log, partition }: { log: number; partition: number },
  { first, last }: { first: bigint; last: bigint },
): Promise<Set<bigint>> {
  const rows = await warehouse.query<{ at: string }>(
    `SELECT toString(\`offset\`) AS at FROM tollgate.raw_usage
     WHERE log = {log:UInt32} AND partition = {partition:UInt32}
       AND \`offset\` BETWEEN {first:UInt64} AND {last:UInt64}`,
    { log, partition, first, last },
  );
  return new Set(rows.map(({ at }) => BigInt(at)));
}

/** How many rows are above an offset. */
export async function countRowsAbove(
  warehouse: Warehouse,
  { log, partition }: { log: number; partition: number },
  offset: bigint,
): Promise<bigint> {
  const [row] = await warehouse.query<{ n: string }>(
    `SELECT count() AS n FROM tollgate.raw_usage
     WHERE log = {log:UInt32} AND partition = {partition:UInt32} AND \`offset\` > {last:UInt64}`,
    { log, partition, last: offset },
  );
  return BigInt(row?.n ?? 0);
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
       toString(uniqExact(if(type IN ('external', 'history'), (toString(type), source, id), ('', '', id)))) AS keys
     FROM tollgate.raw_usage
     WHERE customer_id = {customer:String} AND disposition = 'counted' AND ${below.where}`,
    { customer: customerId, ...below.params },
  );
  if (row === undefined) throw new Error('a count without a row');
  return { rows: BigInt(row.rows), keys: BigInt(row.keys) };
}

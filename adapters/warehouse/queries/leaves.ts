/** What are the leaves of a snapshot, in their order, and where among them is one event? */
import type { Warehouse } from '../warehouse.ts';
import { safeInteger } from './safe-integer.ts';
import { type UsageSet, usageSetSql } from './usage-set.ts';

/** `offset_text`: 64 bits do not fit a JSON number. */
export type Position = { log: number; partition: number; offset_text: string };

/** `leaf`: SHA-256 of the record, lower-case hex. */
export type Leaf = Position & { leaf: string };

const LEAF_SQL = 'log, partition, toString(`offset`) AS offset_text, lower(hex(leaf_hash)) AS leaf';
const AT_SQL = '({at_log:UInt32}, {at_partition:UInt32}, {at_offset:UInt64})';

/** In order of (log, partition, offset). @param after the last leaf of the page before */
export function pageOfLeaves(
  warehouse: Warehouse,
  set: UsageSet,
  page: { after: Position | undefined; rows: number },
): Promise<Leaf[]> {
  const { where, params } = usageSetSql(set);
  const { after, rows } = page;
  return warehouse.query<Leaf>(
    `SELECT ${LEAF_SQL}
     FROM tollgate.raw_usage
     WHERE ${where} ${after === undefined ? '' : `AND (log, partition, \`offset\`) > ${AT_SQL}`}
     ORDER BY log, partition, \`offset\`
     LIMIT {page_rows:UInt32}`,
    { ...params, ...(after === undefined ? {} : at(after)), page_rows: rows },
  );
}

/** The leaves of one event id, two at most. @param source null: of any source */
export function leavesOfEvent(
  warehouse: Warehouse,
  set: UsageSet,
  { id, source }: { id: string; source: string | null },
): Promise<Leaf[]> {
  const { where, params } = usageSetSql(set);
  return warehouse.query<Leaf>(
    `SELECT ${LEAF_SQL}
     FROM tollgate.raw_usage
     WHERE ${where} AND id = {event_id:String}
       ${source === null ? '' : 'AND source = {event_source:String}'}
     LIMIT 2`,
    { ...params, event_id: id, ...(source === null ? {} : { event_source: source }) },
  );
}

/** How many leaves of the set are before this position. */
export async function countLeavesBefore(
  warehouse: Warehouse,
  set: UsageSet,
  position: Position,
): Promise<number> {
  const { where, params } = usageSetSql(set);
  const [row] = await warehouse.query<{ before: string }>(
    `SELECT toString(count()) AS before FROM tollgate.raw_usage
     WHERE ${where} AND (log, partition, \`offset\`) < ${AT_SQL}`,
    { ...params, ...at(position) },
  );
  return safeInteger(row?.before);
}

function at({ log, partition, offset_text }: Position): Record<string, unknown> {
  // An offset beyond 2^53 must reach the engine exactly, so it travels as a bigint.
  return { at_log: log, at_partition: partition, at_offset: BigInt(offset_text) };
}

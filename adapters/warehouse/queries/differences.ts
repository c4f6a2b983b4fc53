/**
 * Where do the tables differ from those that the log alone makes, which are in another database
 * (scratch-database.ts)?
 */
import { eventColumns } from '../event-columns.ts';
import { rollupKeys, rollupSums } from '../rollup-columns.ts';
import type { Row, Warehouse } from '../warehouse.ts';

export type RowPlace = { log: number; partition: number; offset: string };

const PLACE = 'log, partition, `offset`';
const BOOKKEPT = ['disposition', 'dead_reason', 'id_key', 'leaf_hash'];

/** Everything in a row but who wrote it. As texts: a hash over a null is null, and would hide the row. */
const HASHED = [...BOOKKEPT, ...eventColumns.map(({ name }) => name)]
  .map((name) => `ifNull(toString(\`${name}\`), '\\0')`)
  .join(', ');

/**
 * Positions whose rows differ in number or content.
 *
 * @returns how many there are, and the first `listedMax` with their numbers of rows
 */
export async function differingRows(
  warehouse: Warehouse,
  database: string,
  listedMax: number,
): Promise<{ total: number; listed: (RowPlace & { found: number; wanted: number })[] }> {
  const side = (table: string) =>
    `(SELECT ${PLACE}, count() AS n, groupBitXor(cityHash64(${HASHED})) AS h
      FROM ${table} GROUP BY ${PLACE})`;
  const joined = `FROM ${side('tollgate.raw_usage')} AS found
    FULL OUTER JOIN ${side(`${database}.raw_usage`)} AS wanted USING (${PLACE})
    WHERE found.n != wanted.n OR found.h != wanted.h`;
  const [total] = await warehouse.query<{ n: string }>(`SELECT count() AS n ${joined}`);
  const rows = await warehouse.query<RowPlace & { found_n: string; wanted_n: string }>(
    `SELECT ${PLACE}, found.n AS found_n, wanted.n AS wanted_n ${joined}
     ORDER BY ${PLACE} LIMIT {listed_max:UInt32}`,
    { listed_max: listedMax },
  );
  const listed = rows.map(({ found_n, wanted_n, ...place }) => {
    return { ...place, found: Number(found_n), wanted: Number(wanted_n) };
  });
  return { total: Number(total?.n ?? 0), listed };
}

const COLUMNS = [
  'toString(disposition) AS disposition',
  'dead_reason',
  'id_key',
  'lower(hex(leaf_hash)) AS leaf_hash',
  ...eventColumns.map(({ name }) => `\`${name}\``),
].join(', ');

/** Everything in the row of a position but who wrote it. */
export async function rowAt(
  warehouse: Warehouse,
  { log, partition, offset }: RowPlace,
): Promise<Row | undefined> {
  const [row] = await warehouse.query<Row>(
    `SELECT ${COLUMNS} FROM tollgate.raw_usage
     WHERE log = {log:UInt32} AND partition = {partition:UInt32} AND \`offset\` = {at:UInt64}`,
    { log, partition, at: BigInt(offset) },
  );
  return row;
}

/** The positions of dead rows, as `partition/offset`, in order. */
export async function deadPlaces(warehouse: Warehouse): Promise<string[]> {
  const rows = await warehouse.query<{ place: string }>(
    `SELECT concat(toString(partition), '/', toString(\`offset\`)) AS place
     FROM tollgate.raw_usage WHERE disposition = 'dead' ORDER BY ${PLACE}`,
  );
  return rows.map(({ place }) => place);
}

/** Columns that are compared of two roll-ups. The place too: where no seam is, the views show no row. */
export const comparedRollupColumns = [...rollupSums, 'log', 'partition'];

/** `found`, `wanted`: in the order of `comparedRollupColumns`, as texts; empty if there is no row. */
export type DifferingRollup = { keys: Row; found: string[]; wanted: string[] };

/**
 * Of closed buckets that nothing has changed since, which the log alone decides. Open ones are computed
 * at each question.
 */
export async function differingRollups(
  warehouse: Warehouse,
  database: string,
  listedMax: number,
): Promise<DifferingRollup[]> {
  const keys = rollupKeys.join(', ');
  const values = comparedRollupColumns.map((name) => `toString(${name})`).join(', ');
  const settled = `(customer_id, bucket) NOT IN (
      SELECT customer_id, bucket FROM tollgate.dirty_bucket
      GROUP BY log, partition, customer_id, bucket
      HAVING max(marked_version) > max(rolled_version))
    AND bucket < (SELECT min(newest) FROM (
      SELECT max(seam) AS newest FROM tollgate.seam GROUP BY log, partition))`;
  const side = (table: string) =>
    `(SELECT ${keys}, [${values}] AS v FROM ${table} FINAL WHERE events > 0 AND ${settled})`;
  const rows = await warehouse.query<Row & { found_v: string[]; wanted_v: string[] }>(
    `SELECT ${keys}, found.v AS found_v, wanted.v AS wanted_v
     FROM ${side('tollgate.rollup_15m')} AS found
     FULL OUTER JOIN ${side(`${database}.rollup_15m`)} AS wanted USING (${keys})
     WHERE found.v != wanted.v LIMIT {listed_max:UInt32}`,
    { listed_max: listedMax },
  );
  return rows.map(({ found_v, wanted_v, ...row }) => ({
    keys: row,
    found: found_v,
    wanted: wanted_v,
  }));
}

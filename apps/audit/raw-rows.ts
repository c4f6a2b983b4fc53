/** Raw rows, dead letters and roll-ups against what the log says they are. */
import { eventColumns } from '@tollgate/adapters/warehouse/event-columns.ts';
import { rollupKeys, rollupSums } from '@tollgate/adapters/warehouse/rollup-columns.ts';
import type { Row, Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { Differences } from './differences.ts';

/** Everything in a row but the bookkeeping of who wrote it. */
const COLUMNS = [
  'toString(disposition) AS disposition',
  'dead_reason',
  'id_key',
  'lower(hex(leaf_hash)) AS leaf_hash',
  ...eventColumns.map(({ name }) => `\`${name}\``),
].join(', ');
const LISTED_MAX = 1_000;
const PLACE = 'log, partition, `offset`';

export async function auditRaw(
  warehouse: Warehouse,
  scratch: Warehouse,
  database: string,
  found: Differences,
): Promise<void> {
  const side = (table: string) =>
    `(SELECT ${PLACE}, count() AS n, groupBitXor(cityHash64(${hashed()})) AS h
      FROM ${table} GROUP BY ${PLACE})`;
  const joined = `FROM ${side('tollgate.raw_usage')} AS stands
    FULL OUTER JOIN ${side(`${database}.raw_usage`)} AS should USING (${PLACE})
    WHERE stands.n != should.n OR stands.h != should.h`;
  const [total] = await warehouse.query<{ n: string }>(`SELECT count() AS n ${joined}`);
  const rows = await warehouse.query<{
    log: number;
    partition: number;
    offset: string;
    standing: string;
    wanted: string;
  }>(
    `SELECT ${PLACE}, stands.n AS standing, should.n AS wanted ${joined}
     ORDER BY ${PLACE} LIMIT ${LISTED_MAX}`,
  );
  for (const { log, partition, offset, standing, wanted } of rows) {
    const place = `${log}/${partition}/${offset}`;
    if (standing === '0') found.add('raw', place, 'no row for this record');
    else if (wanted === '0') found.add('raw', place, 'a row without a record in the log');
    else if (standing !== '1') found.add('raw', place, `${standing} rows for one record`);
    else await nameColumns(warehouse, scratch, { log, partition, offset }, found);
  }
  found.count += Math.max(0, Number(total?.n ?? 0) - rows.length);
}

/** As texts: a hash over a null is null, and would hide the whole row. */
function hashed(): string {
  const names = ['disposition', 'dead_reason', 'id_key', 'leaf_hash'];
  return [...names, ...eventColumns.map(({ name }) => name)]
    .map((name) => `ifNull(toString(\`${name}\`), '\\0')`)
    .join(', ');
}

async function nameColumns(
  warehouse: Warehouse,
  scratch: Warehouse,
  at: { log: number; partition: number; offset: string },
  found: Differences,
): Promise<void> {
  const sql = `SELECT ${COLUMNS} FROM tollgate.raw_usage
    WHERE log = ${at.log} AND partition = ${at.partition} AND \`offset\` = ${at.offset}`;
  const [stands] = await warehouse.query<Row>(sql);
  const [should] = await scratch.query<Row>(sql);
  const place = `${at.log}/${at.partition}/${at.offset}`;
  for (const name of Object.keys(should ?? {})) {
    const [is, wants] = [stands?.[name], should?.[name]].map((value) => JSON.stringify(value));
    if (is !== wants) found.add('raw', `${place} ${name}`, `stands ${is}, should be ${wants}`);
  }
}

/** Every dead row has its letter, and every letter its dead row. */
export async function auditDeadLetters(
  warehouse: Warehouse,
  letters: ReadonlyMap<string, string>,
  found: Differences,
): Promise<void> {
  const rows = await warehouse.query<{ place: string }>(
    `SELECT concat(toString(partition), '/', toString(\`offset\`)) AS place
     FROM tollgate.raw_usage WHERE disposition = 'dead' ORDER BY ${PLACE}`,
  );
  const dead = new Set(rows.map(({ place }) => place));
  for (const place of dead) {
    if (!letters.has(place)) found.add('dead letters', place, 'a dead row has no dead letter');
  }
  for (const place of letters.keys()) {
    if (!dead.has(place)) found.add('dead letters', place, 'a dead letter has no dead row');
  }
}

/**
 * Closed buckets that nothing has changed since: the scratch tables have them from the log alone. Open
 * ones are computed at each question.
 */
export async function auditRollups(
  warehouse: Warehouse,
  database: string,
  found: Differences,
): Promise<void> {
  const keys = rollupKeys;
  // The place too: where no seam is, the views show no row.
  const values = [...rollupSums, 'log', 'partition'];
  const settled = `(customer_id, bucket) NOT IN (
      SELECT customer_id, bucket FROM tollgate.dirty_bucket GROUP BY log, partition, customer_id, bucket
      HAVING max(marked_version) > max(rolled_version))
    AND bucket < (SELECT min(newest) FROM (
      SELECT max(seam) AS newest FROM tollgate.seam GROUP BY log, partition))`;
  const side = (table: string) =>
    `(SELECT ${keys.join(', ')}, [${texts(values)}] AS v
      FROM ${table} FINAL WHERE events > 0 AND ${settled})`;
  const rows = await warehouse.query<Row>(
    `SELECT ${keys.join(', ')}, stands.v AS standing, should.v AS wanted
     FROM ${side('tollgate.rollup_15m')} AS stands
     FULL OUTER JOIN ${side(`${database}.rollup_15m`)} AS should USING (${keys.join(', ')})
     WHERE stands.v != should.v LIMIT ${LISTED_MAX}`,
  );
  for (const row of rows) {
    const place = keys.map((key) => `${key}=${row[key]}`).join(' ');
    const standing = row['standing'] as string[];
    const wanted = row['wanted'] as string[];
    if (standing.length === 0) found.add('roll-up', place, 'no row for this bucket');
    else if (wanted.length === 0) found.add('roll-up', place, 'a row without events');
    for (const [index, name] of values.entries()) {
      if (standing[index] === wanted[index] || standing.length !== wanted.length) continue;
      const finding = `stands ${standing[index]}, should be ${wanted[index]}`;
      found.add('roll-up', `${place} ${name}`, finding);
    }
  }
}

function texts(names: readonly string[]): string {
  return names.map((name) => `toString(${name})`).join(', ');
}

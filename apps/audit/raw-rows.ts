/** Raw rows, dead letters and roll-ups against what the log says they are. */
import {
  comparedRollupColumns,
  deadPlaces,
  differingRollups,
  differingRows,
  type RowPlace,
  rowAt,
} from '@tollgate/adapters/warehouse/queries/differences.ts';
import { rollupKeys } from '@tollgate/adapters/warehouse/rollup-columns.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { Differences } from './differences.ts';

const LISTED_MAX = 1_000;

export async function auditRaw(
  warehouse: Warehouse,
  scratch: Warehouse,
  database: string,
  differences: Differences,
): Promise<void> {
  const { total, listed } = await differingRows(warehouse, database, LISTED_MAX);
  for (const { found, wanted, ...place } of listed) {
    const { log, partition, offset } = place;
    const text = `${log}/${partition}/${offset}`;
    if (found === 0) differences.add('raw', text, 'no row for this record');
    else if (wanted === 0) differences.add('raw', text, 'a row without a record in the log');
    else if (found !== 1) differences.add('raw', text, `${found} rows for one record`);
    else await nameColumns(warehouse, scratch, place, differences);
  }
  differences.count += Math.max(0, total - listed.length);
}

async function nameColumns(
  warehouse: Warehouse,
  scratch: Warehouse,
  at: RowPlace,
  differences: Differences,
): Promise<void> {
  const found = await rowAt(warehouse, at);
  const wanted = await rowAt(scratch, at);
  const place = `${at.log}/${at.partition}/${at.offset}`;
  for (const name of Object.keys(wanted ?? {})) {
    const [is, wants] = [found?.[name], wanted?.[name]].map((value) => JSON.stringify(value));
    if (is === wants) continue;
    differences.add('raw', `${place} ${name}`, `is ${is}, should be ${wants}`);
  }
}

/** Every dead row has its letter, and every letter its dead row. */
export async function auditDeadLetters(
  warehouse: Warehouse,
  letters: ReadonlyMap<string, string>,
  differences: Differences,
): Promise<void> {
  const dead = new Set(await deadPlaces(warehouse));
  for (const place of dead) {
    if (letters.has(place)) continue;
    differences.add('dead letters', place, 'a dead row has no dead letter');
  }
  for (const place of letters.keys()) {
    if (dead.has(place)) continue;
    differences.add('dead letters', place, 'a dead letter has no dead row');
  }
}

/**
 * Closed buckets that nothing has changed since: the scratch tables have them from the log alone. Open
 * ones are computed at each question.
 */
export async function auditRollups(
  warehouse: Warehouse,
  database: string,
  differences: Differences,
): Promise<void> {
  for (const { keys, found, wanted } of await differingRollups(warehouse, database, LISTED_MAX)) {
    const place = rollupKeys.map((key) => `${key}=${keys[key]}`).join(' ');
    if (found.length === 0) differences.add('roll-up', place, 'no row for this bucket');
    else if (wanted.length === 0) differences.add('roll-up', place, 'a row without events');
    for (const [index, name] of comparedRollupColumns.entries()) {
      if (found[index] === wanted[index] || found.length !== wanted.length) continue;
      const finding = `is ${found[index]}, should be ${wanted[index]}`;
      differences.add('roll-up', `${place} ${name}`, finding);
    }
  }
}

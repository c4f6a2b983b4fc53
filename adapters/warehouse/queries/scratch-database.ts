/**
 * A second set of tables, in a database of its own: what a rebuild exchanges with the real ones, and
 * what an audit compares with them.
 */
import { inDatabase } from '../in-database.ts';
import type { Warehouse } from '../warehouse.ts';

/**
 * The tables that follow from the log alone. The fence stays, because its epochs are the ledger's. The
 * order matters: roll-ups that know more than the raw rows are right as soon as these have caught up;
 * raw rows next to roll-ups and marks that know less would be missing from the views permanently.
 */
const FROM_THE_LOG = ['rollup_15m', 'dirty_bucket', 'raw_usage', 'seam'];

/** Makes the database, empty, whatever was in one of its name. @returns the warehouse in it */
export async function createScratchDatabase(
  warehouse: Warehouse,
  database: string,
): Promise<Warehouse> {
  const scratch = inDatabase(warehouse, database);
  await dropScratchDatabase(warehouse, database);
  await warehouse.command(`CREATE DATABASE ${database}`);
  return scratch;
}

export function dropScratchDatabase(warehouse: Warehouse, database: string): Promise<void> {
  return warehouse.command(`DROP DATABASE IF EXISTS ${database}`);
}

/** Table by table: between two of them, readers see some of each. */
export async function exchangeTables(warehouse: Warehouse, database: string): Promise<void> {
  for (const table of FROM_THE_LOG) {
    await warehouse.command(`EXCHANGE TABLES tollgate.${table} AND ${database}.${table}`);
  }
}

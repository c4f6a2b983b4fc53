/**
 * The same warehouse with the tables of another database: every statement of ours names its tables
 * `tollgate.…`, and here that name is replaced. So rebuild and audit run the code that runs every day.
 * Only the text of statements changes, never rows or parameters.
 */
import type { Warehouse } from './warehouse.ts';

/** @param database letters, digits and _ */
export function inDatabase(warehouse: Warehouse, database: string): Warehouse {
  if (!/^\w+$/.test(database)) throw new Error(`${database} is no name of a database`);
  const rename = (sql: string) => sql.replaceAll(/\btollgate\./g, `${database}.`);
  return {
    query: (sql, params) => warehouse.query(rename(sql), params),
    select: (sql, bounds, signal) => warehouse.select(rename(sql), bounds, signal),
    syntaxTree: (sql) => warehouse.syntaxTree(rename(sql)),
    command: (sql, params) => warehouse.command(rename(sql), params),
    insertLines: (table, lines) => warehouse.insertLines(rename(table), lines),
    loadLines: (table, lines) => warehouse.loadLines(rename(table), lines),
    parquet: (sql, params) => warehouse.parquet(rename(sql), params),
    close: () => Promise.resolve(),
  };
}

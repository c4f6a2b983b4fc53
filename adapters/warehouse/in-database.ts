/**
 * The same warehouse, other tables: every statement of ours names its tables `tollgate.…`, and here
 * they are those of another database. So rebuild and audit run the very code that runs every day.
 * Rows and parameters are never touched, only the text of statements.
 */
import type { Warehouse } from './warehouse.ts';

/** @param database letters, digits and _ */
export function inDatabase(warehouse: Warehouse, database: string): Warehouse {
  if (!/^\w+$/.test(database)) throw new Error(`${database} is no name of a database`);
  const rename = (sql: string) => sql.replaceAll(/\btollgate\./g, `${database}.`);
  return {
    query: (sql, params) => warehouse.query(rename(sql), params),
    select: (sql, bounds) => warehouse.select(rename(sql), bounds),
    syntaxTree: (sql) => warehouse.syntaxTree(rename(sql)),
    command: (sql, params) => warehouse.command(rename(sql), params),
    insertLines: (table, lines) => warehouse.insertLines(rename(table), lines),
    loadLines: (table, lines) => warehouse.loadLines(rename(table), lines),
    close: () => Promise.resolve(),
  };
}

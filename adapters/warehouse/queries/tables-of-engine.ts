/** Which of these names are names of tables that a query without a database would reach? */
import type { Warehouse } from '../warehouse.ts';

/** In the engine's default database, in `database`, and temporary ones. */
export async function tablesNamed(
  warehouse: Warehouse,
  names: readonly string[],
  database: string,
): Promise<string[]> {
  const rows = await warehouse.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE name IN {names:Array(String)}
       AND (database = currentDatabase() OR database = {database:String} OR is_temporary)`,
    { names, database },
  );
  return rows.map(({ name }) => name);
}

/** Which functions and which time zones does the engine know? */
import type { Warehouse } from '../warehouse.ts';

/** Functions in lower case: the engine takes some of them in any case. */
export async function namesOfEngine(
  warehouse: Warehouse,
): Promise<{ functions: ReadonlySet<string>; zones: ReadonlySet<string> }> {
  const functions = await warehouse.query<{ name: string }>(
    'SELECT DISTINCT lower(name) AS name FROM system.functions',
  );
  const zones = await warehouse.query<{ name: string }>(
    'SELECT time_zone AS name FROM system.time_zones',
  );
  return {
    functions: new Set(functions.map(({ name }) => name)),
    zones: new Set(zones.map(({ name }) => name)),
  };
}

/** Does the engine answer a query at all? It reads no table. */
import type { Warehouse } from '../warehouse.ts';

export async function probe(warehouse: Warehouse): Promise<void> {
  await warehouse.query('SELECT 1 AS one');
}

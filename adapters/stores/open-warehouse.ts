/**
 * The embedded warehouse, on the data folder. The proxy does not import this file: its image has no
 * engine.
 */
import { dataFolder } from '../config/data-folder.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/** @throws Error if it cannot be opened, or another process has it */
export async function openWarehouse({ data }: { data: string }): Promise<Warehouse> {
  // Loaded only where it is used: images for servers do not carry the engine.
  const { openChdbWarehouse } = await import('../warehouse/chdb-warehouse.ts');
  return openChdbWarehouse({ path: dataFolder(data).warehouse });
}

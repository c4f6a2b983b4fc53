/**
 * An empty embedded warehouse with its tables. They are made once in a process and copied from then
 * on: to make them took longer than most tests that need them.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbWarehouse } from '../chdb-warehouse.ts';
import { migrate } from '../migrate.ts';
import type { Warehouse } from '../warehouse.ts';

/** The folder of one that nobody writes. */
let template: Promise<string> | undefined;

/** @param path its folder, which does not exist yet */
export async function openEmptyWarehouse(path: string): Promise<Warehouse> {
  template ??= makeTemplate();
  cpSync(await template, path, { recursive: true });
  return openChdbWarehouse({ path });
}

async function makeTemplate(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-empty-warehouse-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'warehouse');
  const warehouse = await openChdbWarehouse({ path });
  await migrate(warehouse);
  await warehouse.close();
  return path;
}

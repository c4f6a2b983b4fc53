/**
 * Starts the engine behind its HTTP front as a process of its own: a data folder belongs to one
 * process.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShimUser } from './clickhouse-shim/users.ts';
import { type EngineProcess, startEngineProcess } from './engine-process.ts';

const MAIN = join(import.meta.dirname, 'clickhouse-shim-main.ts');

export type ClickhouseShim = EngineProcess & { readonly url: string };

export async function startClickhouseShim(
  options: { users?: readonly ShimUser[] } = {},
): Promise<ClickhouseShim> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-clickhouse-'));
  const args = ['--data', join(folder, 'data')];
  if (options.users !== undefined) {
    const file = join(folder, 'users.json');
    writeFileSync(file, JSON.stringify(options.users));
    args.push('--users', file);
  }
  const engine = await startEngineProcess({ main: MAIN, args, folder, addressMember: 'url' });
  return { ...engine, url: engine.address };
}

/**
 * A backup of what is embedded, while the product runs: journals, ledger and log as they were at one
 * moment, and the secrets. The warehouse is left out: a rebuild makes it anew from the log. What runs
 * on servers is backed up there (docs/operations.md).
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { dataFolder } from '@tollgate/adapters/config/data-folder.ts';
import { copyAtOnce } from '@tollgate/adapters/sqlite/copy-at-once.ts';
import { OperatorError } from './stores.ts';

/** Comes last: a folder without it is half a backup. */
const MANIFEST = 'backup.json';

/**
 * @param data a data folder, in use or not
 * @param target a folder that is not there, or empty; laid out as a data folder
 * @returns paths of the copies, relative to it
 * @throws OperatorError if there is nothing to copy or the target is in use
 */
export async function backUp(data: string, target: string): Promise<string[]> {
  const paths = dataFolder(data);
  const files = () => [
    ...journalsIn(paths.journals),
    ...[paths.ledger, paths.log].filter((path) => existsSync(path)),
  ];
  if (files().length === 0) throw new OperatorError(`${data} holds no data: name it with --data`);
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new OperatorError(`${target} is not empty: a backup has a folder of its own`);
  }
  const placeOf = (path: string) => join(target, relative(data, path));
  mkdirSync(dirname(placeOf(join(paths.journals, 'x'))), { recursive: true, mode: 0o700 });
  const copied = [...(await copyAtOnce(files, placeOf))];
  if (existsSync(paths.secrets)) {
    copyFileSync(paths.secrets, placeOf(paths.secrets));
    copied.push(paths.secrets);
  }
  const names = copied.map((path) => relative(data, path));
  const manifest = { taken_at: new Date().toISOString(), files: names };
  writeFileSync(join(target, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  return names;
}

function journalsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.journal.sqlite'));
  return names.sort().map((name) => join(folder, name));
}

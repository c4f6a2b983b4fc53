/**
 * A backup of the embedded stores, while the product runs: journals, ledger and log as of one moment,
 * and the secrets. The warehouse is left out, because a rebuild makes it from the log. Stores on
 * servers are backed up there (docs/operations.md).
 */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { dataFolder } from '@tollgate/adapters/config/data-folder.ts';
import { makePrivateFolder } from '@tollgate/adapters/files/private-folder.ts';
import { syncPath } from '@tollgate/adapters/files/sync-path.ts';
import { instancesWithJournal, journalPath } from '@tollgate/adapters/journal/instance-files.ts';
import { copyJournal } from '@tollgate/adapters/journal/journal-copy.ts';
import { JournalDamaged } from '@tollgate/adapters/journal/journal-segment.ts';
import { copyAtOnce } from '@tollgate/adapters/sqlite/copy-at-once.ts';
import { CommandError } from '../../errors.ts';

/** Is written last: a folder without it is half a backup. */
const MANIFEST = 'backup.json';

export type Backup = {
  /** Paths of the copies, relative to the target. */
  files: string[];
  /** What is wrong with the journals that were copied as they are, not as of the moment. */
  damaged: string[];
};

/**
 * @param data a data folder, in use or not
 * @param target a folder that does not exist, or is empty; it is laid out like a data folder
 * @throws CommandError if there is nothing to copy or the target is in use
 */
export async function backUp(data: string, target: string): Promise<Backup> {
  const paths = dataFolder(data);
  const stores = () => [paths.ledger, paths.log].filter((path) => existsSync(path));
  if (stores().length + journalsIn(paths.journals).length === 0)
    throw new CommandError(`${data} holds no data: name it with --data`);
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new CommandError(`${target} is not empty: a backup has a folder of its own`);
  }
  const placeOf = (path: string) => join(target, relative(data, path));
  makePrivateFolder(target);
  mkdirSync(placeOf(paths.journals), { recursive: true, mode: 0o700 });
  let journals: string[] = [];
  const damaged: string[] = [];
  const copied = await copyAtOnce(stores, placeOf, () => {
    journals = copyJournals(paths.journals, placeOf, damaged);
  });
  copied.push(...journals);
  if (existsSync(paths.secrets)) {
    copyFileSync(paths.secrets, placeOf(paths.secrets));
    copied.push(paths.secrets);
  }
  syncTree(target);
  const files = copied.map((path) => relative(data, path));
  const manifest = { taken_at: new Date().toISOString(), files, damaged };
  writeFileSync(join(target, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  for (const path of [join(target, MANIFEST), target, dirname(target)]) syncPath(path);
  return { files, damaged };
}

function journalsIn(folder: string): string[] {
  return instancesWithJournal(folder).map((instanceId) => journalPath(folder, instanceId));
}

/** Durable before the manifest says so, but after the pause of the stores, which must be short. */
function syncTree(folder: string): void {
  for (const { name, parentPath } of readdirSync(folder, {
    recursive: true,
    withFileTypes: true,
  })) {
    syncPath(join(parentPath, name));
  }
  syncPath(folder);
}

/**
 * While ledger and log are paused, a journal can still grow, but nothing in it can be shipped or
 * settled. So each copy of a journal fits the copies of ledger and log. A damaged journal is copied as
 * it is: the operator who repairs it has nothing else.
 */
function copyJournals(
  folder: string,
  placeOf: (path: string) => string,
  damaged: string[],
): string[] {
  rmSync(placeOf(folder), { recursive: true });
  mkdirSync(placeOf(folder), { mode: 0o700 });
  return journalsIn(folder).filter((path) => {
    try {
      return copyJournal(path, placeOf(path));
    } catch (error) {
      if (!(error instanceof JournalDamaged)) throw error;
      cpSync(path, placeOf(path), { recursive: true });
      damaged.push(error.message);
      return true;
    }
  });
}

/**
 * The names in the folder that all proxies of a machine share. Each instance has a journal and a lock
 * there, named by its id. A journal is removed when it is empty; a lock file never is: two processes
 * could then hold "the same" lock (file-lock.ts).
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const JOURNAL_SUFFIX = '.journal';
const LOCK_SUFFIX = '.lock';

export function journalPath(folder: string, instanceId: string): string {
  return join(folder, instanceId + JOURNAL_SUFFIX);
}

export function lockPath(folder: string, instanceId: string): string {
  return join(folder, instanceId + LOCK_SUFFIX);
}

/** Ids of the instances that have a journal, in order; none if there is no such folder. */
export function instancesWithJournal(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(JOURNAL_SUFFIX));
  return names.map((name) => name.slice(0, -JOURNAL_SUFFIX.length)).sort();
}

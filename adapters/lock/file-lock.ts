/**
 * An exclusive lock that belongs to a process (docs/design.md, Processes and files): a SQLite file
 * under BEGIN EXCLUSIVE. It survives SIGSTOP, the kernel frees it at SIGKILL, and no clock or pid
 * is involved. The file is never unlinked: two processes could then hold "the same" lock.
 */
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export type FileLock = { release(): void };

/**
 * POSIX locks belong to the process, and closing *any* descriptor of the file drops them: a second
 * open in this process would take the first one's lock away.
 */
const held = new Set<string>();

/** null: another process, or this one, holds it. @throws Error if the file cannot be opened */
export function tryLock(path: string): FileLock | null {
  const key = resolve(path);
  if (held.has(key)) return null;
  const db = new DatabaseSync(key, { timeout: 0 });
  try {
    db.exec('PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (isBusy(error)) return null;
    throw error;
  }
  held.add(key);
  return {
    release() {
      if (!held.delete(key)) return;
      db.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode ?? 0;
  // SQLITE_BUSY, with or without an extended part.
  return (code & 0xff) === 5;
}

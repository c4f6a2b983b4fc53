/**
 * Copies several SQLite files as they all were at one moment, while other processes go on writing
 * them. The copies look as if every process had been killed at that moment, which all of them
 * survive. Copies of different moments would be useless: a lease could be settled in one file and
 * in use in another.
 *
 * Only for that moment the write lock of every file is held (milliseconds; a writer waits for a
 * lock up to its busy timeout), and a reader is opened on each. In WAL mode a reader keeps seeing
 * the same state while the files are copied.
 */
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

const BUSY_TIMEOUT_MS = 10_000;
/** Pages per step of a copy. */
const PAGES_PER_STEP = 1_000;
/** How often the copy starts again: files come and go with proxies. */
const ATTEMPTS_MAX = 10;

/**
 * @param list returns the paths of the files as of now
 * @param target where a file's copy goes; it must not exist
 * @param whileStill runs at that moment, while nothing is written to any of the files; brief, and
 *   again if files came or went
 * @returns the files that were copied
 * @throws Error if a file cannot be locked or copied, or files come and go all the time
 */
export async function copyAtOnce(
  list: () => readonly string[],
  target: (path: string) => string,
  whileStill: () => void = () => undefined,
): Promise<string[]> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const paths = list();
    const readers = readersOfOneMoment(paths, list, whileStill);
    if (readers === null) continue;
    try {
      for (const [index, reader] of readers.entries()) {
        await backup(reader, target(paths[index] as string), { rate: PAGES_PER_STEP });
      }
      return [...paths];
    } finally {
      for (const reader of readers) reader.close();
    }
  }
  throw new Error('files came and went at each attempt: are processes dying again and again?');
}

/** In the order of the paths; null if the list of files has changed. */
function readersOfOneMoment(
  paths: readonly string[],
  list: () => readonly string[],
  whileStill: () => void,
): DatabaseSync[] | null {
  const locks: DatabaseSync[] = [];
  const readers: DatabaseSync[] = [];
  let isWhole = false;
  try {
    for (const path of paths) {
      const lock = openExisting(path);
      if (lock === null) return null;
      locks.push(lock);
      lock.exec('BEGIN IMMEDIATE');
    }
    // A file that was removed in the meantime would otherwise be copied from its open handle.
    if (list().join('\n') !== paths.join('\n')) return null;
    for (const path of paths) {
      const reader = openExisting(path);
      if (reader === null) return null;
      readers.push(reader);
      // The snapshot is taken by the first read, not by BEGIN.
      reader.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
    }
    whileStill();
    isWhole = true;
    return readers;
  } finally {
    for (const lock of locks) lock.close();
    if (!isWhole) for (const reader of readers) reader.close();
  }
}

const SQLITE_CANTOPEN = 14;

/** Never creates the file. @returns null if it does not exist */
function openExisting(path: string): DatabaseSync | null {
  const url = pathToFileURL(path);
  url.searchParams.set('mode', 'rw');
  try {
    return new DatabaseSync(url, { timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    const code = (error as { errcode?: number }).errcode ?? 0;
    if ((code & 0xff) === SQLITE_CANTOPEN) return null;
    throw error;
  }
}

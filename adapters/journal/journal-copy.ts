/**
 * Copies a journal while its instance writes it: whole groups alone, in their order, so that the
 * copy is the journal as a kill at some moment of the copying would have left it.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import type { LiveSegment } from './journal-codec.ts';
import { JournalFolder } from './journal-folder.ts';
import { replayNewest } from './journal-replay.ts';
import { SegmentReader } from './journal-segment.ts';

/** Older segments are used again when the log has their records; so often is begun anew. */
const ATTEMPTS_MAX = 10;

/**
 * @param path of a journal's folder
 * @param target a folder that is not there
 * @returns false if the journal was removed meanwhile: it was empty
 * @throws JournalDamaged if what was durable cannot be read
 */
export function copyJournal(path: string, target: string): boolean {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    try {
      if (copyOnce(new JournalFolder(path), new JournalFolder(target))) return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (!new JournalFolder(path).exists()) return false;
    }
    rmSync(target, { recursive: true, force: true });
  }
  throw new Error(`the segments of ${path} changed at each of ${ATTEMPTS_MAX} attempts to copy it`);
}

/** @returns false if an older segment was used again while it was copied */
function copyOnce(from: JournalFolder, to: JournalFolder): boolean {
  mkdirSync(to.path, { mode: 0o700 });
  const newest = new Map<number, number>();
  const write = (id: number, bytes: Buffer) => {
    const file = newest.get(id) ?? openSync(to.segmentPath(id), 'wx', 0o600);
    newest.set(id, file);
    writeSync(file, bytes);
  };
  try {
    const replayed = replayNewest(from, write);
    return replayed === null || replayed.older.every((segment) => copyOlder(from, segment, write));
  } finally {
    for (const file of newest.values()) {
      fsyncSync(file);
      closeSync(file);
    }
  }
}

function copyOlder(
  from: JournalFolder,
  { id, endBytes }: LiveSegment,
  write: (id: number, bytes: Buffer) => void,
): boolean {
  const reader = new SegmentReader(from.segmentPath(id), id);
  try {
    let copied = 0;
    for (const { bytes } of reader.groups()) {
      write(id, bytes);
      copied += bytes.length;
      if (copied === endBytes) return true;
    }
    return false;
  } finally {
    reader.close();
  }
}

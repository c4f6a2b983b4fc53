/**
 * Copies a journal while its instance writes it. Only whole groups are copied, in order. The copy
 * is therefore what a kill during the copying would have left behind. It is not synced to disk.
 */
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { JournalFolder } from './journal-folder.ts';
import { replayNewest } from './journal-replay.ts';
import { JournalDamaged, SegmentReader, writeAll } from './journal-segment.ts';

/**
 * How often a copy is tried. A file that is written during the read can look damaged, and a file
 * can be reused for a new segment. A file that looks damaged every time is damaged.
 */
const ATTEMPTS_MAX = 20;

/**
 * @param path of a journal's folder
 * @param target a folder that does not exist yet
 * @returns false if the journal was removed during the copy, because it was empty
 * @throws JournalDamaged if what was durable cannot be read; the target does not exist then
 */
export function copyJournal(path: string, target: string): boolean {
  let failure: Error | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    try {
      copyOnce(new JournalFolder(path), new JournalFolder(target));
      return true;
    } catch (error) {
      rmSync(target, { recursive: true, force: true });
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (isMissing && !new JournalFolder(path).exists()) return false;
      if (!isMissing && !(error instanceof JournalDamaged)) throw error;
      failure = error as Error;
    }
  }
  if (failure instanceof JournalDamaged) throw failure;
  throw new JournalDamaged(`${path} cannot be copied: ${failure?.message}`, { cause: failure });
}

function copyOnce(from: JournalFolder, to: JournalFolder): void {
  mkdirSync(to.path, { mode: 0o700 });
  const newest = new SegmentCopy(to);
  try {
    const replayed = replayNewest(from, (id, bytes) => newest.add(id, bytes));
    for (const { id, endBytes } of replayed?.withRecords ?? []) {
      if (id !== replayed?.newestId) copyOlder(from, to, id, endBytes);
    }
  } finally {
    newest.close();
  }
}

function copyOlder(from: JournalFolder, to: JournalFolder, id: number, endBytes: number): void {
  const reader = new SegmentReader(from.segmentPath(id), id);
  const copy = new SegmentCopy(to);
  try {
    for (const { bytes } of reader.groups()) {
      if (copy.bytes < endBytes) copy.add(id, bytes);
    }
  } finally {
    reader.close();
    copy.close();
  }
  if (copy.bytes < endBytes) {
    throw new JournalDamaged(`${from.segmentPath(id)} is damaged at byte ${copy.bytes}`);
  }
}

class SegmentCopy {
  readonly #folder: JournalFolder;
  #file: number | null = null;
  #bytes = 0;

  constructor(folder: JournalFolder) {
    this.#folder = folder;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(id: number, group: Buffer): void {
    this.#file ??= openSync(this.#folder.segmentPath(id), 'wx', 0o600);
    writeAll(this.#file, group, this.#bytes);
    this.#bytes += group.length;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }
}

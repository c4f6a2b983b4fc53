/** The files of one journal: a folder of numbered segments. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncPath } from '../files/sync-path.ts';

const SEGMENT_NAME = /^(\d{10})\.segment$/;
/** Ends the name of every journal's folder; before it is the id of the instance that writes it. */
export const JOURNAL_SUFFIX = '.journal';
const REMOVED_SUFFIX = '.removed';

export class JournalFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  /** Makes it if it is not there; durable when it returns, like the folder of all journals. */
  make(): void {
    if (!this.exists()) mkdirSync(this.path, { mode: 0o700 });
    const journals = dirname(this.path);
    for (const folder of [journals, dirname(journals)]) syncPath(folder);
  }

  segmentPath(id: number): string {
    return join(this.path, `${String(id).padStart(10, '0')}.segment`);
  }

  /** Ids of all segments that are there, whatever they hold, in order. */
  segmentIds(): number[] {
    const names = readdirSync(this.path).map((name) => SEGMENT_NAME.exec(name)?.[1]);
    return names
      .filter((id) => id !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
  }

  /** What the old file holds is of another life once it has a new number. */
  reuse(oldId: number, id: number): void {
    renameSync(this.segmentPath(oldId), this.segmentPath(id));
  }

  removeSegment(id: number): void {
    rmSync(this.segmentPath(id));
  }

  /** Makes what was made and renamed in it durable. */
  sync(): void {
    syncPath(this.path);
  }
}

/**
 * Removes an empty journal, under its instance's lock alone. In one step as far as anyone can see: a
 * death while the files go must not leave older segments that look like the journal.
 */
export function removeJournal(path: string): void {
  renameSync(path, path + REMOVED_SUFFIX);
  syncPath(dirname(path));
  rmSync(path + REMOVED_SUFFIX, { recursive: true, force: true });
}

/** What a removal that was cut left behind. */
export function finishRemovals(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.endsWith(JOURNAL_SUFFIX + REMOVED_SUFFIX)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

/** The files of one journal: a folder of numbered segments. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncPath } from '../files/sync-path.ts';
import { JOURNAL_SUFFIX } from './instance-files.ts';

const SEGMENT_NAME = /^(\d{10})\.segment$/;
const REMOVED_SUFFIX = '.removed';

export class JournalFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  /**
   * Makes the folder if it does not exist. The folder is durable when this returns, and so is its
   * entry in the folder of all journals.
   */
  make(): void {
    if (!this.exists()) mkdirSync(this.path, { mode: 0o700 });
    const journals = dirname(this.path);
    for (const folder of [journals, dirname(journals)]) syncPath(folder);
  }

  segmentPath(id: number): string {
    return join(this.path, `${String(id).padStart(10, '0')}.segment`);
  }

  /** The ids of all segments in the folder, in order, whatever they contain. */
  segmentIds(): number[] {
    const names = readdirSync(this.path).map((name) => SEGMENT_NAME.exec(name)?.[1]);
    return names
      .filter((id) => id !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
  }

  /** Under the new number, the old content of the file belongs to an earlier life of it. */
  reuse(oldId: number, id: number): void {
    renameSync(this.segmentPath(oldId), this.segmentPath(id));
  }

  removeSegment(id: number): void {
    rmSync(this.segmentPath(id));
  }

  /** Makes new and renamed files in the folder durable. */
  sync(): void {
    syncPath(this.path);
  }
}

/**
 * Removes an empty journal. The caller holds its instance's lock. The folder is renamed first, so
 * the removal is one step for everybody else: a crash during the deletion must not leave older
 * segments that look like the journal.
 */
export function removeJournal(path: string): void {
  renameSync(path, path + REMOVED_SUFFIX);
  syncPath(dirname(path));
  rmSync(path + REMOVED_SUFFIX, { recursive: true, force: true });
}

/** Deletes what an interrupted removal left behind. */
export function finishRemovals(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.endsWith(JOURNAL_SUFFIX + REMOVED_SUFFIX)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

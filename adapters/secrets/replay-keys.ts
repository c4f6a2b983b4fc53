/**
 * Keys that repeatable requests derive secrets from, one for each hour, deleted a day after the hour
 * began. Until then a client that lost an answer gets the same secret again; after that nobody can
 * work it out, not even from the ledger, the secrets file and all backups (I12). So these keys are in
 * no backup.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { syncPath } from '../files/sync-path.ts';

const HOUR_MS = 3_600_000;
export const REPLAY_MS = 24 * HOUR_MS;
/** How often keys that are too old are looked for; a key lives at most this much longer, ms. */
const SWEEP_MS = 60_000;
const KEY_BYTES = 32;
const FILE_NAME = /^(\d+)\.key$/;

export type ReplayKeys = {
  /**
   * The same bytes for the same instant and label, for 23 to 24 hours.
   *
   * @param atMs when the request first came in
   * @returns null: its key is gone, or was never here
   */
  derive(atMs: number, label: string, length: number): Uint8Array | null;
  close(): void;
};

/**
 * @param folder where the keys outlive the process; null: they end with it
 * @param clock Unix milliseconds
 */
export function openReplayKeys(folder: string | null, clock: () => number): ReplayKeys {
  if (folder !== null) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keys = new Map<number, Buffer>();
  const sweep = () => {
    const isOver = (hour: number) => clock() >= hour * HOUR_MS + REPLAY_MS;
    for (const hour of keys.keys()) if (isOver(hour)) keys.delete(hour);
    // seam: replay-key-is-deleted
    if (folder !== null) removeFiles(folder, isOver);
  };
  sweep();
  const timer = setInterval(sweep, SWEEP_MS).unref();
  return {
    derive(atMs, label, length) {
      sweep();
      const hour = Math.floor(atMs / HOUR_MS);
      const isNow = Math.floor(clock() / HOUR_MS) === hour;
      const key = keys.get(hour) ?? keyOf(folder, hour, isNow);
      if (key === null) return null;
      keys.set(hour, key);
      return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), label, length));
    },
    close: () => clearInterval(timer),
  };
}

/** The key of an hour; one is made only in that hour, so that a key that is gone stays gone. */
function keyOf(folder: string | null, hour: number, mayMake: boolean): Buffer | null {
  if (folder === null) return mayMake ? randomBytes(KEY_BYTES) : null;
  const path = join(folder, `${hour}.key`);
  if (mayMake) makeFile(folder, path);
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Of several processes one makes it; a link shows a whole file or none. Durable before it is used. */
function makeFile(folder: string, path: string): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, randomBytes(KEY_BYTES));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(temporary, path);
    syncPath(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(temporary);
  }
}

function removeFiles(folder: string, isOver: (hour: number) => boolean): void {
  for (const name of readdirSync(folder)) {
    const hour = FILE_NAME.exec(name)?.[1];
    if (hour !== undefined && isOver(Number(hour))) rmSync(join(folder, name), { force: true });
  }
}

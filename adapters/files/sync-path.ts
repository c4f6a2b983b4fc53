/** Makes a file or a folder durable. Whoever made or renamed a file syncs its folder too. */
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** @throws Error if it is not there or the disk refuses */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

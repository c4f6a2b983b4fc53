/** Makes a file or a folder durable. After creating or renaming a file, sync its folder too. */
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** @throws Error if it does not exist or the disk refuses */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

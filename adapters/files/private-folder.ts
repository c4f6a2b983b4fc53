/** The folders of an installation belong to its user alone (I12). */
import { chmodSync, mkdirSync, statSync } from 'node:fs';

/**
 * Makes the folder, or takes it from everybody else if it exists: what is in it cannot be reached by
 * others then, whatever the modes of its files are.
 *
 * @throws Error if others could use it and that cannot be changed
 */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  try {
    chmodSync(path, 0o700);
  } catch (cause) {
    // A volume may belong to another user and be lent to us by its group.
    if ((mode & 0o007) === 0) return;
    const shown = mode.toString(8);
    throw new Error(`${path} has mode ${shown} and belongs to another user: make it 700`, {
      cause,
    });
  }
}

/** Files that this process and its engines make from now on can be used by its user alone. */
export function makePrivateFiles(): void {
  process.umask(0o077);
}

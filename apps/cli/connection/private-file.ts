/** Files that hold a secret or say where one is: others on this machine must not be able to read them. */
import { readFileSync, statSync } from 'node:fs';
import { CommandError } from '../errors.ts';

const OTHERS = 0o007;
const GROUP = 0o070;

/** @returns undefined: its owner alone can use it */
export function readersOf(path: string): 'everybody' | 'group' | undefined {
  // On Windows the bits of the mode say nothing.
  if (process.platform === 'win32') return undefined;
  const { mode } = statSync(path);
  if ((mode & OTHERS) !== 0) return 'everybody';
  return (mode & GROUP) === 0 ? undefined : 'group';
}

/**
 * @param warn is told of a file that a group can read
 * @throws CommandError if it cannot be read, or everybody can
 */
export function readPrivateFile(path: string, warn: (line: string) => void): string {
  let text: string;
  let readers: ReturnType<typeof readersOf>;
  try {
    text = readFileSync(path, 'utf8');
    readers = readersOf(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandError(`${path} cannot be read (${code}).`, { cause });
  }
  // seam: token-file-is-private
  if (readers === 'everybody') {
    throw new CommandError(
      `${path} can be used by every user of this machine: \`chmod 600 ${path}\`, and replace the token ` +
        'if others may have seen it.',
    );
  }
  if (readers === 'group') {
    warn(`warning: the group of ${path} can read it too: \`chmod 600 ${path}\` ends that.`);
  }
  return text;
}

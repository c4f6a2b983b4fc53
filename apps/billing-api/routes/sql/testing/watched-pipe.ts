/**
 * A named pipe that nobody writes to, so whatever opens it to read waits without end: unlike the content of
 * a file, that cannot go unnoticed. It notices the reader, and lets it go on.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';

const LOOK_EVERY_MS = 5;

export function makePipe(path: string): void {
  execFileSync('mkfifo', [path]);
}

/** @returns how often something opened the pipe to read while `work` ran */
export async function readersDuring(path: string, work: () => Promise<unknown>): Promise<number> {
  let readers = 0;
  const timer = setInterval(() => {
    if (freeReader(path)) readers += 1;
  }, LOOK_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return readers;
}

/** @returns whether there was one */
function freeReader(path: string): boolean {
  let pipe: number;
  try {
    pipe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return false;
    throw error;
  }
  writeSync(pipe, 'from the pipe\n');
  closeSync(pipe);
  return true;
}

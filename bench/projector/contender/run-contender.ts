/** Runs a contender in a process of its own and reads what it took. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchStores } from '../stores.ts';

/** What stands in the contender's table afterwards. */
export type Found = { rows: number; counted: number };

export type Contender = {
  /** What is measured. */
  run(stores: BenchStores): Promise<void>;
  /** Looks at the result, after the clock has stopped. @throws Error if it is not consistent */
  found(stores: BenchStores): Promise<Found>;
};

export type Taken = Found & {
  seconds: number;
  cpuS: number;
  /** The most that was resident, from the process's start on. */
  rssMib: number;
};

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

export async function runContender(name: string, engines: string, folder: string): Promise<Taken> {
  const args = [MAIN, name, engines, folder];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Taken;
}

/** Runs a contender in a process of its own and reads what it took. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { BenchStores } from '../stores.ts';

/** What the contender's table has afterwards. */
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
  /** The main thread, in µs: on a processor, and waiting for one. */
  mainUs: number;
  mainWaitUs: number;
};

export type Run = {
  /** The tree whose contender it is. */
  root: string;
  name: string;
  engines: string;
  folder: string;
};

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'preload-main.ts')).href;

export async function runContender({ root, name, engines, folder }: Run): Promise<Taken> {
  const main = join(root, 'bench/projector/contender/main.ts');
  const file = join(folder, 'main-thread.json');
  const args = ['--import', PRELOAD, main, name, engines, folder];
  const env = { ...process.env, BENCH_MAIN_THREAD: file };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const taken = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  return { ...taken, ...JSON.parse(readFileSync(file, 'utf8')) } as Taken;
}

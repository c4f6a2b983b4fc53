/** What a figure depends on: the machine, its disk, and the commit that was measured. */
import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { percentile } from './stats.ts';

const SYNCS = 300;
const BLOCK = Buffer.alloc(4096, 1);

export type Machine = {
  cpu: string;
  cores: number;
  memory_gib: number;
  kernel: string;
  node: string;
  commit: string;
  dirty: boolean;
};

export function machine(): Machine {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
    commit: git('rev-parse', '--short', 'HEAD'),
    dirty: git('status', '--porcelain') !== '',
  };
}

/** Median time of a 4 KiB append with `fdatasync` in this folder, ms. */
export function fsyncP50Ms(folder: string): number {
  const file = join(folder, 'fsync-probe');
  const handle = openSync(file, 'w');
  const times: number[] = [];
  for (let i = 0; i < SYNCS; i++) {
    const startMs = performance.now();
    writeSync(handle, BLOCK);
    fdatasyncSync(handle);
    times.push(performance.now() - startMs);
  }
  closeSync(handle);
  rmSync(file);
  return percentile(times, 50);
}

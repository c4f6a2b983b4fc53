/** How long the event loops of processes were kept, as `loop-watch-main.ts` writes it in them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type LoopBlock = { cpuMs: number; clockMs: number };

/** What a process needs in its environment to be watched. @param folder exists */
export function watchedEnvironment(folder: string): Record<string, string> {
  const preload = new URL('./loop-watch-main.ts', import.meta.url).href;
  return { TOLLGATE_LOOP_WATCH: folder, NODE_OPTIONS: `--import ${preload}` };
}

const READ_MS = 40;

/** Watches a process until it is stopped. */
export class LoopWatch {
  readonly #worst: LoopBlock = { cpuMs: 0, clockMs: 0 };
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(folder: string, pid: number) {
    this.#done = this.#watch(join(folder, `${pid}.json`));
  }

  /** @returns the longest since it began */
  async stop(): Promise<LoopBlock> {
    this.#isOver = true;
    await this.#done;
    return this.#worst;
  }

  async #watch(file: string): Promise<void> {
    // What it wrote before is of another time.
    await sleep(3 * READ_MS);
    while (!this.#isOver) {
      const { cpuMs, clockMs } = JSON.parse(readFileSync(file, 'utf8')) as LoopBlock;
      this.#worst.cpuMs = Math.max(this.#worst.cpuMs, cpuMs);
      this.#worst.clockMs = Math.max(this.#worst.clockMs, clockMs);
      await sleep(READ_MS);
    }
  }
}

/**
 * One process for guests' queries, seen from its parent. The parent kills it where a query outlives its
 * time or the process its memory; whatever was asked then ends with the reason.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { constants, getPriority, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  CANCELLED,
  MEMORY_LIMIT_EXCEEDED,
  TIMEOUT_EXCEEDED,
  WarehouseError,
} from '../warehouse-error.ts';
import type { GuestLimits } from './guest-limits.ts';
import type { Answered, Asked, GuestAnswer, GuestQuestion } from './guest-messages.ts';
import { rssBytes } from './process-memory.ts';

const WORKER = fileURLToPath(new URL('./guest-worker.ts', import.meta.url));

export class GuestProcess {
  readonly #child: ChildProcess;
  readonly #limits: GuestLimits;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;
  #ended: WarehouseError | null = null;

  /** @param args of the worker */
  constructor(args: readonly string[], limits: GuestLimits) {
    this.#limits = limits;
    this.#child = fork(WORKER, args, {
      // Nothing of ours: no key, no token, no path. The time zone is that of our own engine.
      // seam: guest-has-nothing-of-ours
      env: process.env['TZ'] === undefined ? {} : { TZ: process.env['TZ'] },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    giveWay(this.#child, limits.niceness);
    this.#child.on('message', (message) => this.#answered(message as Answered));
    this.#child.on('error', (cause) => {
      this.#end(new WarehouseError('guest_failed', "the guests' process failed", cause));
    });
    this.#child.on('exit', (code, signal) => {
      const how = signal ?? `code ${code}`;
      this.#end(new WarehouseError('guest_ended', `the guests' process ended with ${how}`));
    });
  }

  get hasEnded(): boolean {
    return this.#ended !== null;
  }

  /**
   * @param signal kills the process when it is aborted
   * @throws WarehouseError also if the process is killed before it has answered
   */
  async ask<Question extends GuestQuestion>(
    question: Question,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<GuestAnswer<Question>> {
    if (this.#ended !== null) throw this.#ended;
    this.#asked += 1;
    const asked: Asked = { id: this.#asked, question };
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(asked.id, waiting);
    const stop = (code: string, message: string) => this.kill(new WarehouseError(code, message));
    // seam: guest-is-killed-in-time
    const overdue = setTimeout(() => {
      stop(TIMEOUT_EXCEEDED, `the query was stopped after ${timeoutMs / 1_000} seconds`);
    }, timeoutMs);
    const leave = () => stop(CANCELLED, 'nobody waits for the query');
    signal?.addEventListener('abort', leave);
    const watch = setInterval(() => this.#watchMemory(), this.#limits.rssPollMs);
    try {
      this.#child.send(asked);
      return (await waiting.promise) as GuestAnswer<Question>;
    } finally {
      clearTimeout(overdue);
      clearInterval(watch);
      signal?.removeEventListener('abort', leave);
      this.#waiting.delete(asked.id);
    }
  }

  rssBytes(): Promise<number> {
    const { pid } = this.#child;
    return pid === undefined || this.hasEnded ? Promise.resolve(0) : rssBytes(pid);
  }

  /** @param reason what was asked ends with it, unless the process has ended before */
  kill(reason: WarehouseError): void {
    this.#child.kill('SIGKILL');
    this.#end(reason);
  }

  #watchMemory(): void {
    this.rssBytes().then(
      (bytes) => {
        if (bytes <= this.#limits.rssBytesMax) return;
        const mebibytes = Math.round(bytes / 1024 ** 2);
        const message = `the query was stopped with ${mebibytes} MiB of memory`;
        this.kill(new WarehouseError(MEMORY_LIMIT_EXCEEDED, message));
      },
      (cause) => this.kill(new WarehouseError('guest_failed', 'its memory is not known', cause)),
    );
  }

  #answered(answered: Answered): void {
    const waiting = this.#waiting.get(answered.id);
    if ('answer' in answered) waiting?.resolve(answered.answer);
    else waiting?.reject(new WarehouseError(answered.code, answered.message));
  }

  #end(reason: WarehouseError): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
  }
}

/** Before the process has other threads: they inherit it. */
function giveWay({ pid }: ChildProcess, niceness: number): void {
  // It was not started: 'error' follows.
  if (pid === undefined) return;
  const { PRIORITY_LOW } = constants.priority;
  setPriority(pid, Math.min(PRIORITY_LOW, getPriority() + niceness));
}

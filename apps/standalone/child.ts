/**
 * One child process under supervision: started, watched by its beats, restarted with
 * back-off. The time in which the supervisor itself was stopped does not count against a child.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, openSync, statSync, truncateSync } from 'node:fs';
import { Backoff } from '@tollgate/adapters/backoff/backoff.ts';
import { cpuTimeMs } from '@tollgate/adapters/process/cpu-time.ts';
import { supervisorLimits } from './limits.ts';

export type ChildOptions = {
  name: string;
  module: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Standard output and error are appended to it. */
  logFile: string;
  /** Replaces the bound of `limits.ts`; for tests. */
  logBytesMax?: number;
  onGivenUp: (reason: string) => void;
  onRestart: () => void;
};

export class Child {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #deathsMs: number[] = [];
  #stopping = false;
  /** How long the child has been silent, counted in our own watch ticks. */
  #silentMs = 0;
  /** Processor time of the child at its last sign of life, ms; null: not known. */
  #cpuAtSignMs: number | null = null;
  /** Loading the program blocks the loop, so before its first beat a child has `readyTimeoutMs`. */
  #beating = false;
  readonly #backoff = new Backoff(supervisorLimits.restartMs, Math.random);
  #ready: (fields: Record<string, unknown>) => void = () => undefined;

  constructor(options: ChildOptions) {
    this.#options = options;
    setInterval(() => this.#watch(), supervisorLimits.watchEveryMs).unref();
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Resolves with what the child said when it was ready for the first time. */
  start(): Promise<Record<string, unknown>> {
    const { name, logFile } = this.#options;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`${name} is not ready in time; its log is ${logFile}`));
      }, supervisorLimits.readyTimeoutMs);
      this.#ready = (fields) => {
        clearTimeout(late);
        resolve(fields);
      };
      this.#spawn();
    });
  }

  /** It will end, and is not started again. */
  expectEnd(): void {
    this.#stopping = true;
  }

  /** Ends it at once. */
  kill(): void {
    this.#stopping = true;
    this.#process?.kill('SIGKILL');
  }

  /** Lets it drain, and kills it when it does not end in time. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const running = this.#process;
    // A signal leaves no exit code.
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => running.kill('SIGKILL'), supervisorLimits.stopTimeoutMs);
      running.once('exit', () => {
        clearTimeout(late);
        resolve();
      });
      // Before its first beat nobody there reads what we say, and nothing is to be drained.
      if (this.#beating && running.connected) running.send({ type: 'stop' });
      else running.kill('SIGTERM');
    });
  }

  #spawn(): void {
    const { module, args, env, logFile } = this.#options;
    const output = openSync(logFile, 'a', 0o600);
    const child = spawn(process.execPath, [module, ...args], {
      env,
      stdio: ['ignore', output, output, 'ipc'],
      // A process group of its own: Ctrl-C in a terminal is ours alone, so that all end in order.
      detached: true,
    });
    // The child has its own handle by now; ours would stay open for every child that ever ran.
    closeSync(output);
    this.#process = child;
    this.#silentMs = 0;
    this.#beating = false;
    child.on('message', (message: { type?: string; reason?: string }) => {
      this.#silentMs = 0;
      this.#beating = true;
      this.#cpuAtSignMs = cpuTimeMs(child.pid as number);
      if (message.type === 'cannot_run') {
        this.#stopping = true;
        this.#options.onGivenUp(`${this.#options.name} cannot run: ${message.reason}`);
      }
      if (message.type !== 'ready') return;
      this.#backoff.reset();
      this.#ready(message as Record<string, unknown>);
      this.#options.onRestart();
    });
    child.once('exit', () => this.#onExit());
  }

  #watch(): void {
    this.#boundLog();
    if (this.#stopping || this.#process?.exitCode !== null) return;
    this.#silentMs += supervisorLimits.watchEveryMs;
    const { beatTimeoutMs, busyTimeoutMs, readyTimeoutMs } = supervisorLimits;
    const patienceMs = this.#beating ? beatTimeoutMs : readyTimeoutMs;
    if (this.#silentMs < patienceMs) return;
    if (this.#silentMs < busyTimeoutMs && this.#isBusy()) return;
    this.#process.kill('SIGKILL');
  }

  /** A loop that works through something too large is not dead; one that was stopped is. */
  #isBusy(): boolean {
    const cpuMs = cpuTimeMs(this.pid as number);
    if (cpuMs === null || this.#cpuAtSignMs === null) return false;
    return cpuMs - this.#cpuAtSignMs >= this.#silentMs / 10;
  }

  /** The child appends, so what is cut away in front of it makes no hole. */
  #boundLog(): void {
    const { logFile, logBytesMax = supervisorLimits.logBytesMax } = this.#options;
    const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= logBytesMax) return;
    copyFileSync(logFile, `${logFile}.1`);
    truncateSync(logFile, 0);
  }

  #onExit(): void {
    if (this.#stopping) return;
    const { name, logFile, onGivenUp } = this.#options;
    const nowMs = Date.now();
    this.#deathsMs = [...this.#deathsMs.filter((ms) => nowMs - ms < 60_000), nowMs];
    if (this.#deathsMs.length > supervisorLimits.deathsPerMinuteMax) {
      onGivenUp(`${name} keeps dying; its log is ${logFile}`);
      return;
    }
    setTimeout(() => {
      if (!this.#stopping) this.#spawn();
    }, this.#backoff.next());
  }
}

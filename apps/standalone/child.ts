/**
 * One child process under supervision: started, watched by its beats, restarted with
 * back-off. The time in which the supervisor itself was stopped does not count against a child.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, copyFileSync, openSync, statSync, truncateSync } from 'node:fs';
import { Backoff } from '@tollgate/adapters/backoff/backoff.ts';
import type { Family } from '@tollgate/adapters/metrics/families.ts';
import type { FromChild, ToChild } from '@tollgate/adapters/process/child-messages.ts';
import { cpuTimeMs } from '@tollgate/adapters/process/cpu-time.ts';
import { createJsonLogger } from '@tollgate/adapters/process/json-logger.ts';
import type { RateSeat } from '@tollgate/adapters/rates/rate-desk.ts';
import type { RateAnswers } from '@tollgate/adapters/rates/rate-messages.ts';
import { supervisorLimits } from './limits.ts';

export type ChildOptions = {
  name: string;
  module: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Standard error is appended to it, and standard output where that has no file of its own. */
  logFile: string;
  /** Other children may append to the same. */
  outputFile?: string | undefined;
  /** These replace bounds of `limits.ts`; for tests. */
  logBytesMax?: number;
  beatTimeoutMs?: number;
  /** Called for each process that it is: what answers its questions about rates. */
  rates?: () => RateSeat;
  onGivenUp: (reason: string) => void;
  onRestart: () => void;
  /** What it is told when it asks for the metrics of all. Default: nothing. */
  metrics?: () => Promise<string>;
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
  #measured: (families: Family[] | null) => void = () => undefined;
  #restarts = 0;

  constructor(options: ChildOptions) {
    this.#options = options;
    setInterval(() => this.#watch(), supervisorLimits.watchEveryMs).unref();
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** What it measures; null if it does not say so in time. */
  families(waitMs: number): Promise<Family[] | null> {
    const running = this.#process;
    if (!this.#beating || running?.connected !== true) return Promise.resolve(null);
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(null), waitMs);
      this.#measured = (families) => {
        clearTimeout(late);
        resolve(families);
      };
      this.#tell(running, { type: 'families_wanted' });
    });
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
      if (this.#beating && running.connected) this.#tell(running, { type: 'stop' });
      else running.kill('SIGTERM');
    });
  }

  #spawn(): void {
    const { module, args, env, logFile, outputFile = logFile } = this.#options;
    const log = openSync(logFile, 'a', 0o600);
    const output = openSync(outputFile, 'a', 0o600);
    const child = spawn(process.execPath, [module, ...args], {
      env,
      stdio: ['ignore', output, log, 'ipc'],
      // A process group of its own: Ctrl-C in a terminal is ours alone, so that all end in order.
      detached: true,
    });
    // The child has handles of its own by now; ours would stay open for every child that ever ran.
    for (const file of [log, output]) closeSync(file);
    this.#process = child;
    this.#silentMs = 0;
    this.#beating = false;
    const seat = this.#options.rates?.();
    let isOver = false;
    const answer = (message: RateAnswers) => this.#tell(child, message);
    child.on('message', (message: FromChild) => {
      this.#silentMs = 0;
      this.#beating = true;
      // What a process said before it ended may arrive after that: its slots are free by then.
      if (message.type === 'rates') return isOver ? undefined : seat?.hear(message, answer);
      this.#cpuAtSignMs = cpuTimeMs(child.pid as number);
      this.#hear(message, child);
    });
    child.once('exit', (code, signal) => {
      isOver = true;
      seat?.leave();
      this.#onExit(child.pid, code, signal);
    });
  }

  #hear(message: FromChild, child: ChildProcess): void {
    const { name, metrics, onGivenUp, onRestart } = this.#options;
    switch (message.type) {
      case 'ready':
        this.#backoff.reset();
        this.#ready(message);
        return onRestart();
      case 'cannot_run':
        this.#stopping = true;
        return onGivenUp(`${name} cannot run: ${message.reason}`);
      case 'families':
        return this.#measured(message.families);
      case 'metrics_wanted':
        void metrics?.().then((text) => this.#tell(child, { type: 'metrics', text }));
        return;
      default:
        // A beat: that it came is all it says.
        return;
    }
  }

  /** What cannot be sent any more is for nobody: its end is noticed elsewhere. */
  #tell(child: ChildProcess, message: ToChild): void {
    if (child.connected) child.send(message, () => undefined);
  }

  #watch(): void {
    const { logFile, outputFile, beatTimeoutMs = supervisorLimits.beatTimeoutMs } = this.#options;
    this.#boundLog(logFile);
    if (outputFile !== undefined) this.#boundLog(outputFile);
    if (this.#stopping || this.#process?.exitCode !== null) return;
    this.#silentMs += supervisorLimits.watchEveryMs;
    const { busyTimeoutMs, readyTimeoutMs } = supervisorLimits;
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
  #boundLog(file: string): void {
    const { logBytesMax = supervisorLimits.logBytesMax } = this.#options;
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= logBytesMax) return;
    copyFileSync(file, `${file}.1`);
    truncateSync(file, 0);
  }

  #onExit(pid: number | undefined, exit_code: number | null, signal: string | null): void {
    this.#measured(null);
    if (this.#stopping) return;
    const { name, logFile, onGivenUp } = this.#options;
    // A clock that is set back must not keep deaths for longer.
    const nowMs = performance.now();
    this.#deathsMs = [...this.#deathsMs.filter((ms) => nowMs - ms < 60_000), nowMs];
    if (this.#deathsMs.length > supervisorLimits.deathsPerMinuteMax) {
      onGivenUp(`${name} keeps dying; its log is ${logFile}`);
      return;
    }
    const pause_ms = Math.round(this.#backoff.next());
    const deaths_in_a_minute = this.#deathsMs.length;
    // Between the lines of the process that has ended, and where our own are read.
    const logger = createJsonLogger('supervisor', (line) => {
      process.stderr.write(line);
      appendFileSync(logFile, line);
    });
    const death = { process: name, pid, exit_code, signal, pause_ms, deaths_in_a_minute };
    logger.warn(death, 'a process ended, and is started again');
    setTimeout(() => {
      if (this.#stopping) return;
      this.#restarts++;
      this.#spawn();
    }, pause_ms);
  }
}

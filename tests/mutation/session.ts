/** The parent's side of a session: sends work, reads the answers, and ends what hangs. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type Answer,
  PLAN_VARIABLE,
  type Plan,
  type Reply,
  type Request,
  SOURCES_VARIABLE,
  type Sources,
  type Turn,
} from './plan.ts';

/** What became of one turn: a test failed, none did, or the process had to be ended or died. */
export type Outcome =
  | { kind: 'failed'; test: string; said: string }
  | { kind: 'passed'; tests: number }
  | { kind: 'hung' }
  | { kind: 'died' };

export type Limits = {
  /** By the clock: then the process is ended. */
  turnMs: number;
  /** Of the processor's time, for a test: then its loops throw. */
  busyMs: number;
};

export type Recorded = Extract<Answer, { kind: 'record' }>;

/** A worker that runs longer grows: garbage of modules that were imported many times. */
const TURNS_PER_WORKER_MAX = 100;
const LOOK_EVERY_MS = 20;
/** Vitest notices within this that its worker is gone. */
const GRACE_MS = 30_000;

const MAIN = fileURLToPath(new URL('./session-main.ts', import.meta.url));

export class Session {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tollgate-mutation-'));
  readonly #sources: string;
  #child: ChildProcess | null = null;

  constructor(sources: Sources) {
    this.#sources = join(this.#folder, 'sources.json');
    writeFileSync(this.#sources, JSON.stringify(sources));
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs each file once. @returns what each of its tests reaches */
  async record(files: readonly string[], limitMs: number): Promise<Recorded[]> {
    const turns = files.map(() => ({ mutant: null, tests: null }));
    const request = files.map((file) => ({ file, times: 1 }));
    const { answers } = await this.#ask(request, { record: true, busyMsMax: null, turns }, limitMs);
    return answers.filter((answer) => answer.kind === 'record');
  }

  /** Runs a file once per turn. @param onOutcome called for each turn, in order */
  async run(
    file: string,
    turns: readonly Turn[],
    { turnMs, busyMs }: Limits,
    onOutcome: (outcome: Outcome, index: number) => void,
  ): Promise<void> {
    let done = 0;
    while (done < turns.length) {
      const some = turns.slice(done, done + TURNS_PER_WORKER_MAX);
      const request = [{ file, times: some.length }];
      const plan = { record: false, busyMsMax: busyMs, turns: some };
      const { answers, hung } = await this.#ask(request, plan, turnMs);
      const ended = answers.filter((answer) => answer.kind === 'ended');
      for (const { turn, failed, tests } of ended) {
        const outcome: Outcome =
          failed === null ? { kind: 'passed', tests } : { kind: 'failed', ...failed };
        onOutcome(outcome, done + turn);
      }
      done += ended.length;
      const began = answers.filter((answer) => answer.kind === 'began').length;
      if (began === 0) throw new Error(`${file} was not run`);
      if (began === ended.length) continue;
      onOutcome({ kind: hung ? 'hung' : 'died' }, done);
      done++;
    }
  }

  async #ask(
    request: Request,
    work: Omit<Plan, 'answers'>,
    limitMs: number,
  ): Promise<{ answers: Answer[]; hung: boolean }> {
    const answersPath = join(this.#folder, 'answers.jsonl');
    const plan: Plan = { ...work, answers: answersPath };
    writeFileSync(answersPath, '');
    writeFileSync(join(this.#folder, 'plan.json'), JSON.stringify(plan));
    const child = await this.#started();
    let reply: Reply | null = null;
    child.once('message', (message: Reply) => {
      reply = message;
    });
    child.send(request);
    const watch = new Watch(limitMs);
    let hung = false;
    while (reply === null && child.exitCode === null && child.signalCode === null) {
      await sleep(LOOK_EVERY_MS);
      const late = watch.look(readAnswers(answersPath));
      if (late === 'worker') hung = true;
      if (late === 'session') break;
    }
    if (reply === null) this.#end();
    return { answers: readAnswers(answersPath), hung };
  }

  #end(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  async #started(): Promise<ChildProcess> {
    if (this.#child !== null) return this.#child;
    const child = fork(MAIN, [], {
      env: {
        ...process.env,
        [PLAN_VARIABLE]: join(this.#folder, 'plan.json'),
        [SOURCES_VARIABLE]: this.#sources,
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('vitest did not start')));
    });
    this.#child = child;
    return child;
  }
}

/** Ends the worker of a turn that takes too long. */
class Watch {
  readonly #limitMs: number;
  #lines = 0;
  #sinceMs = performance.now();
  #endedAtMs: number | null = null;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** @returns what was, or is to be, ended */
  look(answers: readonly Answer[]): 'worker' | 'session' | null {
    const nowMs = performance.now();
    if (this.#endedAtMs !== null) {
      return nowMs - this.#endedAtMs > GRACE_MS ? 'session' : 'worker';
    }
    if (answers.length > this.#lines) {
      this.#lines = answers.length;
      this.#sinceMs = nowMs;
    }
    if (nowMs - this.#sinceMs < this.#limitMs) return null;
    const last = answers.findLast((answer) => answer.kind === 'began');
    this.#endedAtMs = nowMs;
    if (last === undefined) return 'session';
    try {
      process.kill(last.pid, 'SIGKILL');
    } catch {
      // It ended by itself just now.
    }
    return 'worker';
  }
}

/** The last line may be half written. */
function readAnswers(path: string): Answer[] {
  const text = readFileSync(path, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Answer);
}

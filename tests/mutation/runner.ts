/**
 * Vitest's runner in a process that tests mutants: it runs the same file again and again, all of the
 * product imported again each time, so that no mutant meets what another one left in a module.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { TestRunner, vi } from 'vitest';
import { type Answer, PLAN_VARIABLE, type Plan, type TestRecord } from './plan.ts';

type Test = Parameters<TestRunner['onBeforeRunTask']>[0];
type Suite = Parameters<TestRunner['onBeforeRunSuite']>[0];
type File = Parameters<TestRunner['onAfterRunFiles']>[0][number];

const SAID_LENGTH_MAX = 200;

declare global {
  /** Called by instrumented sources: is this mutant the active one? */
  var __m: (id: number) => boolean;
  /** Called by each loop of an instrumented source, each time. */
  var __loop: () => void;
}

/** Looking at the clock costs more than a step of a loop. */
const STEPS_PER_LOOK = 1 << 12;

const plan = JSON.parse(readFileSync(process.env[PLAN_VARIABLE] ?? '', 'utf8')) as Plan;
let active = -1;
/** What was reached outside of tests, and where reached mutants go now. */
let shared = new Set<number>();
let reached = shared;

globalThis.__m = plan.record
  ? (id) => {
      reached.add(id);
      return false;
    }
  : (id) => id === active;

let steps = 0;
let cpuAtStart = process.cpuUsage();

/** By the time that this process worked, not by the clock: others may keep the machine busy. */
globalThis.__loop = () => {
  if (++steps % STEPS_PER_LOOK !== 0 || plan.busyMsMax === null) return;
  const { user, system } = process.cpuUsage(cpuAtStart);
  if (user + system > plan.busyMsMax * 1_000) throw new Error('a loop does not end');
};

function answer(line: Answer): void {
  appendFileSync(plan.answers, `${JSON.stringify(line)}\n`);
}

export default class MutationRunner extends TestRunner {
  #turn = -1;
  #tests: ReadonlySet<string> | null = null;
  #failed: { test: string; said: string } | null = null;
  #records: TestRecord[] = [];
  #count = 0;

  override importFile(path: string, source: 'collect' | 'setup') {
    if (source === 'setup') return super.importFile(path, source);
    const turn = plan.turns[++this.#turn];
    if (turn === undefined) throw new Error('more imports than the plan has turns');
    active = turn.mutant ?? -1;
    this.#tests = turn.tests === null ? null : new Set(turn.tests);
    this.#failed = null;
    this.#records = [];
    this.#count = 0;
    shared = new Set();
    reached = shared;
    answer({ kind: 'began', turn: this.#turn, pid: process.pid });
    vi.resetModules();
    cpuAtStart = process.cpuUsage();
    return super.importFile(path, source);
  }

  override async onBeforeRunSuite(suite: Suite) {
    if (this.#isOver()) suite.mode = 'skip';
    return super.onBeforeRunSuite(suite);
  }

  override async onBeforeRunTask(test: Test) {
    const unwanted = this.#tests !== null && !this.#tests.has(nameOf(test));
    if (unwanted || this.#isOver()) test.mode = 'skip';
    reached = new Set();
    cpuAtStart = process.cpuUsage();
    return super.onBeforeRunTask(test);
  }

  override onAfterRunTask(test: Test) {
    const { state, errors, duration } = test.result ?? {};
    this.#count++;
    if (state === 'fail') this.#fail(nameOf(test), errors?.[0]?.message);
    this.#records.push({
      name: nameOf(test),
      passed: state === 'pass',
      ms: duration ?? 0,
      reached: [...reached],
    });
    reached = shared;
    return super.onAfterRunTask(test);
  }

  override onAfterRunFiles(files: File[]) {
    active = -1;
    for (const file of files) {
      if (file.result?.state === 'fail' || file.tasks.some(isFailed)) {
        this.#fail('outside of any test', file.result?.errors?.[0]?.message);
      }
      if (!plan.record) continue;
      const { filepath } = file;
      const passed = this.#failed === null;
      const places = { shared: [...shared], tests: this.#records };
      answer({ kind: 'record', file: filepath, passed, ...places });
    }
    answer({ kind: 'ended', turn: this.#turn, failed: this.#failed, tests: this.#count });
    return super.onAfterRunFiles(files);
  }

  #isOver(): boolean {
    return this.#failed !== null && !plan.record;
  }

  #fail(test: string, said = 'failed without a word'): void {
    this.#failed ??= { test, said: said.slice(0, SAID_LENGTH_MAX) };
  }
}

function nameOf({ fullTestName, name }: Test): string {
  return fullTestName ?? name;
}

/** A hook of a suite failed. */
function isFailed({ result }: { result?: { state?: string } }): boolean {
  return result?.state === 'fail';
}

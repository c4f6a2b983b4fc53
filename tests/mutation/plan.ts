/** What the tool asks of a process that runs tests, and what that process answers, line by line. */

/** Name of the variable with the path of the plan, as JSON. */
export const PLAN_VARIABLE = 'TOLLGATE_MUTATION_PLAN';

/** Name of the variable with the path of the sources to load, as JSON. */
export const SOURCES_VARIABLE = 'TOLLGATE_MUTATION_SOURCES';

/** By absolute path: the text to load instead of what is on disk. */
export type Sources = Readonly<Record<string, string>>;

/** Which test files a session is to run now, one after the other, each so many times. */
export type Request = readonly { file: string; times: number }[];
/** Errors that no test was blamed for. */
export type Reply = { unhandled: string[] };

/** One time that a test file is imported and run. */
export type Turn = {
  /** The active mutant; null: the sound source. */
  mutant: number | null;
  /** The tests to run, by full name; null: all of them. */
  tests: readonly string[] | null;
};

export type Plan = {
  /** Absolute path of the file with the answers. */
  answers: string;
  /** Note which mutants each test reaches, instead of stopping at the first failure. */
  record: boolean;
  /** Loops are stopped once a turn has kept the processor busy for so long; null: never. */
  busyMsMax: number | null;
  /** One for each time that a file is imported, in order. */
  turns: readonly Turn[];
};

export type TestRecord = { name: string; passed: boolean; ms: number; reached: number[] };

export type Answer =
  | { kind: 'began'; turn: number; pid: number }
  /** `failed` is the test that failed first, with what it said; null if none did. */
  | { kind: 'ended'; turn: number; failed: { test: string; said: string } | null; tests: number }
  /** While recording. `shared` is what was reached outside of any test. */
  | { kind: 'record'; file: string; passed: boolean; shared: number[]; tests: TestRecord[] };

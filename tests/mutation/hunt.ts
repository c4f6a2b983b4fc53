/** Runs mutants against tests: coverage first, cheap tests first, until a test notices. */
import type { Mutant } from './mutant.ts';
import type { Turn } from './plan.ts';
import type { Verdict } from './results.ts';
import type { Limits, Outcome, Recorded, Session } from './session.ts';
import { absolute, root } from './subjects.ts';

/** A turn may take so many times as long as the sound one, and the run's patience more. */
const LIMIT_FACTOR = 8;
/** A test may keep the processor busy for so many times as long as the whole file, and some ms more. */
const BUSY_FACTOR = 2;
const BUSY_MORE_MS = 1_000;
/** A test file that takes longer without any mutant hangs. */
const RECORD_LIMIT_MS = 300_000;

export type TestFile = {
  /** Relative to the repository's root. */
  path: string;
  ms: number;
  /** The tests that reach a mutant; null: any test may, for it is reached outside of them. */
  reaching: ReadonlyMap<number, readonly string[] | null>;
};

/** @throws Error if a test fails without any mutant, naming the first ones */
export async function recordFiles(session: Session, files: readonly string[]): Promise<TestFile[]> {
  if (files.length === 0) return [];
  const records = await session.record(files.map(absolute), RECORD_LIMIT_MS);
  const red = records.filter(({ passed }) => !passed).map(({ file }) => file);
  const missing = files.filter((file) => !records.some((record) => record.file === absolute(file)));
  if (red.length > 0 || missing.length > 0) {
    const names = [...red, ...missing].map((path) => path.replace(root, '')).join(', ');
    throw new Error(`without any mutant these tests fail, or do not end: ${names}`);
  }
  return records.map(testFileOf);
}

function testFileOf({ file, shared, tests }: Recorded): TestFile {
  const reaching = new Map<number, readonly string[] | null>();
  // Tests of the quick tiers are independent; others may build on those before them.
  const alone = /\.(?:unit|prop)\.test\.ts$/.test(file);
  for (const { name, reached } of tests) {
    for (const id of reached) {
      reaching.set(id, alone ? [...(reaching.get(id) ?? []), name] : null);
    }
  }
  for (const id of shared) reaching.set(id, null);
  const ms = tests.reduce((sum, test) => sum + test.ms, 0);
  return { path: file.replace(root, ''), ms, reaching };
}

export function limitsOf({ ms }: Pick<TestFile, 'ms'>, patienceMs: number): Limits {
  return { turnMs: patienceMs + LIMIT_FACTOR * ms, busyMs: BUSY_MORE_MS + BUSY_FACTOR * ms };
}

/** Runs those of the mutants that the file reaches. @param onVerdict called for each, in order */
export async function huntWith(
  session: Session,
  file: TestFile,
  mutants: readonly Mutant[],
  patienceMs: number,
  onVerdict: (mutant: Mutant, verdict: Verdict) => void,
): Promise<void> {
  const turns: Turn[] = mutants.map(({ id }) => ({
    mutant: id,
    tests: file.reaching.get(id) ?? null,
  }));
  await session.run(absolute(file.path), turns, limitsOf(file, patienceMs), (outcome, index) => {
    onVerdict(mutants[index] as Mutant, verdictOf(outcome, file.path));
  });
}

function verdictOf(outcome: Outcome, file: string): Verdict {
  switch (outcome.kind) {
    case 'failed':
      return { kind: 'killed', file, test: outcome.test, said: outcome.said };
    case 'hung':
      return { kind: 'killed by time', file };
    case 'died':
      return { kind: 'killed by death', file };
    default:
      return { kind: 'survived', tests: outcome.tests };
  }
}

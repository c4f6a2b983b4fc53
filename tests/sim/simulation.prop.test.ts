import { expect, it } from 'vitest';
import { keptSeeds } from './kept-seeds.ts';
import { type Failure, runSeeds } from './run-seeds.ts';

/** `npm run test:sim -- --seeds 100000` plays many more. */
const SEEDS = 1_000;
const TIMEOUT_MS = 120_000;

function expectNone(failures: readonly Failure[]): void {
  // The report has the command that repeats the history.
  if (failures[0] !== undefined) throw new Error(failures[0].report);
}

it('I3: histories that once broke a rule keep it', async () => {
  for (const { seed } of keptSeeds) {
    expectNone((await runSeeds({ from: seed, count: 1, failuresMax: 1 })).failures);
  }
});

it(
  'I3: in no history of proxies that die, stop and lose answers is a budget exceeded, and in the end it is settled exactly',
  async () => {
    const { figures, failures } = await runSeeds({ from: 1, count: SEEDS, failuresMax: 1 });
    expectNone(failures);
    // A fault counts only if its point was reached.
    const reached = Object.entries(figures).filter(([, times]) => times < SEEDS / 10);
    expect(reached).toEqual([]);
  },
  TIMEOUT_MS,
);

import { expect, it } from 'vitest';
import { runSeeds, summaryOf } from './run-seeds.ts';
import type { History } from './simulate.ts';

/** Every second history breaks a rule. */
const play = async (seed: number): Promise<History> => ({
  ...{ seed, violation: seed % 2 === 0 ? 'I3' : null, notes: [], steps: 3, figures: { held: 2 } },
});
const run = (count: number) => runSeeds({ from: 1, count, failuresMax: 2, play });

it('histories that were not played have not passed', async () => {
  const result = await run(1_000);
  expect(result.failures.map(({ seed }) => seed)).toEqual([2, 4]);
  expect(result.figures).toEqual({ seeds: 4, steps: 12, held: 8 });
  expect(summaryOf({ ...result, seconds: 2 }).split('\n')).toEqual([
    'stopped after 2 failures, with 4 of 1000 played',
    '2 seeds a second',
    '2 passed, 2 failed, 996 skipped',
  ]);
});

it('all are counted where all were played', async () => {
  const result = await run(3);
  expect(summaryOf({ ...result, seconds: 1 }).split('\n')).toEqual([
    '3 seeds a second',
    '2 passed, 1 failed, 0 skipped',
  ]);
});

import { expect, it } from 'vitest';
import { rowsOf, type StartedCall } from './minutes.ts';

const LIMITS = { requests: 4, tokens: 100 };
const MINUTE_MS = 60_000;
const calls = (minute: number, count: number, tokens: number): StartedCall[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ model: 'm', startedMs: minute * MINUTE_MS + i * 10_000, tokens },
  }));
const verdicts = (
  started: readonly StartedCall[],
  load: { fromMs?: number; outage?: { fromMs: number; untilMs: number } } = {},
) =>
  rowsOf(started, ['m'], LIMITS, {
    ...{ fromMs: load.fromMs ?? MINUTE_MS, untilMs: 3 * MINUTE_MS, outage: load.outage ?? null },
  }).map(({ verdict, isPartial }) => [verdict, isPartial]);

it('a minute with more than a limit is over it, whichever limit it is', () => {
  expect(verdicts([...calls(1, 5, 1), ...calls(2, 1, 101)])).toEqual([
    ['over', false],
    ['over', false],
  ]);
});

it('a minute that used neither limit up is not used, unless it was not a whole one', () => {
  const little = [...calls(1, 2, 1), ...calls(2, 4, 1)];
  expect(verdicts(little)).toEqual([
    ['not used', false],
    ['ok', false],
  ]);
  expect(verdicts(little, { fromMs: MINUTE_MS + 1 })[0]).toEqual(['ok', true]);
  const outage = { fromMs: MINUTE_MS + 10_000, untilMs: MINUTE_MS + 20_000 };
  expect(verdicts(little, { outage })).toEqual([
    ['ok', true],
    ['ok', false],
  ]);
  expect(verdicts([...calls(1, 5, 1)], { outage })[0]).toEqual(['over', true]);
});

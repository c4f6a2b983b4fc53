import { expect, it } from 'vitest';
import { uncovered } from './own-ranges.ts';

const range = (startMs: number, endMs: number) => ({ startMs, endMs });

it.each([
  ['all of it if nothing overlaps, also at its edges', [range(0, 10), range(20, 30)], [[10, 20]]],
  ['all of it if the others are far away', [range(0, 5), range(25, 30)], [[10, 20]]],
  [
    'what lies before and after an earlier range',
    [range(13, 15)],
    [
      [10, 13],
      [15, 20],
    ],
  ],
  [
    'what earlier ranges that overlap leave',
    [range(5, 12), range(11, 14), range(18, 25)],
    [[14, 18]],
  ],
  ['nothing if it is covered', [range(5, 15), range(15, 20)], []],
])('an import decides %s', (_, earlier, left) => {
  expect(uncovered(range(10, 20), earlier)).toEqual(left.map(([s, e]) => range(s ?? 0, e ?? 0)));
});

it('an import with an empty range decides nothing', () => {
  expect(uncovered(range(10, 10), [])).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import { aheadOf, rateAfter, stretchOf } from './pace.ts';

describe('the rate of a proxy', () => {
  it.each<[string, bigint, bigint, number, bigint]>([
    ['comes near what it spends', 0n, 10_000n, 10_000, 500n],
    ['is what it spends once it has spent so for long', 0n, 600_000n, 600_000, 983n],
    ['is kept while that goes on', 1_000n, 5_000n, 5_000, 1_000n],
    ['falls while it spends nothing', 1_000n, 0n, 10_000, 500n],
    [
      'falls, and is not below nothing, when calls give back what they held',
      1_000n,
      -9_000n,
      0,
      1_000n,
    ],
    ['takes two looks at one moment', 0n, 100n, 0, 10n],
    ['takes no clock that goes back', 0n, 100n, -50, 10n],
  ])('%s', (_, before, spent, ms, after) => {
    expect(rateAfter(before, spent, ms)).toBe(after);
  });

  it('says what is needed for a minute, and for more where the stream is long', () => {
    expect([aheadOf(7n, 1n), aheadOf(7n, 4n)]).toEqual([420n, 1_680n]);
  });
});

it.each([
  [0n, 1n],
  [511n, 1n],
  [512n, 2n],
  [1_023n, 2n],
  [1_024n, 4n],
  [12n * 512n, 4_096n],
  [10n ** 9n, 4_096n],
])('the waits of a window with %i events are %i times as long', (events, stretch) => {
  expect(stretchOf(events)).toBe(stretch);
});

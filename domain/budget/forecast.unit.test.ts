import { describe, expect, it } from 'vitest';
import { exhaustedAtMs, perHour } from './forecast.ts';

const HOUR_MS = 3_600_000n;

describe('the rate of a budget', () => {
  it('is what an hour would take, rounded down', () => {
    expect(perHour({ amount: 10n, overMs: HOUR_MS / 2n })).toBe(20n);
    expect(perHour({ amount: 1n, overMs: 2n * HOUR_MS })).toBe(0n);
    expect(perHour({ amount: 5n, overMs: 0n })).toBe(5n * HOUR_MS);
  });

  it('of one to which more was given back than was taken is below zero', () => {
    expect(perHour({ amount: -3n, overMs: HOUR_MS })).toBe(-3n);
  });
});

describe('a budget is used up', () => {
  const rate = { amount: 10n, overMs: HOUR_MS };
  const at = (left: bigint, endMs: bigint | null, spent = rate) =>
    exhaustedAtMs(left, spent, 1_000n, endMs);

  it('when what is left has been spent at that rate', () => {
    expect(at(5n, null)).toBe(1_000n + HOUR_MS / 2n);
  });

  it('now, if nothing is left', () => {
    expect([at(0n, 2_000n), at(-1n, 2_000n)]).toEqual([1_000n, 1_000n]);
  });

  it('never, if the window ends first, or if nothing is spent', () => {
    expect(at(5n, 1_000n + HOUR_MS / 2n)).toBeNull();
    expect(at(5n, null, { amount: 0n, overMs: HOUR_MS })).toBeNull();
    expect(at(10n ** 30n, null)).toBeNull();
  });
});

import { expect, it } from 'vitest';
import { LedgerFreshness } from './freshness.ts';

const limits = { ledgerStaleSoftMs: 800, ledgerStaleMaxMs: 30_000, ledgerCatchUpTimeoutMs: 1_000 };

/** A follower of this age, which catching up changes to the other. */
function freshness(ageMs: number, ageAfterMs = ageMs) {
  const waits: number[] = [];
  let now = ageMs;
  const follower = {
    ageMs: () => now,
    catchUp: async (timeoutMs: number) => {
      waits.push(timeoutMs);
      now = ageAfterMs;
      return ageAfterMs === 0;
    },
  };
  return { waits, freshness: new LedgerFreshness(follower, limits) };
}

it('a view up to the soft bound old needs no wait', () => {
  expect(freshness(800).freshness.isFresh()).toBe(true);
  expect(freshness(801).freshness.isFresh()).toBe(false);
  expect(freshness(Number.POSITIVE_INFINITY).freshness.isFresh()).toBe(false);
});

it('a ledger that does not answer is served without up to the stated time', async () => {
  expect(await freshness(30_000).freshness.catchUp()).toBe(true);
  expect(await freshness(30_001).freshness.catchUp()).toBe(false);
  const level = freshness(40_000, 0);
  expect(await level.freshness.catchUp()).toBe(true);
  expect(level.waits).toEqual([1_000]);
});

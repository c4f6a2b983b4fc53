import { describe, expect, it } from 'vitest';
import { stampede } from './stampede.ts';

const SEEDS = [1, 2, 3, 4];
const CALLS = { proxies: 4, calls: 1_000 };

describe('of a stampede on four budgets through four proxies', () => {
  // A slice in use elsewhere has a free part: with calls of six seconds nothing of it comes back by time.
  it.each([
    { ledgerMs: 5, withinMs: 1_000, callMs: 6_000 },
    { ledgerMs: 60, withinMs: 4_000, callMs: 6_000 },
    { ledgerMs: 60, withinMs: 1_000, callMs: 1_000 },
    // A machine under load: each question to the ledger takes some 270 ms.
    { ledgerMs: 250, withinMs: 100, callMs: 1_500 },
    { ledgerMs: 250, withinMs: 1_000, callMs: 6_000 },
  ])(
    'all that fits is let through, and the others are told that it is spent: %o',
    async (speed) => {
      const told = [];
      for (const seed of SEEDS) told.push(await stampede({ ...CALLS, ...speed, seed }));
      for (const { held, fit } of told) expect(held).toBeGreaterThanOrEqual(fit);
      const others = told.map(({ held, exceeded, errors }) => [held + exceeded, errors]);
      expect(others).toEqual(SEEDS.map(() => [CALLS.calls, []]));
    },
  );
});

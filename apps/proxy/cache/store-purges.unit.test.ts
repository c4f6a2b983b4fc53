/** The right to erasure, while the store is away. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StorePurges } from './store-purges.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const limits = { cachePurgesMax: 2, cachePurgeRetryMs: { first: 100, max: 400 } };
const of = (customerId: string | null, revision: number) => ({ customerId, model: null, revision });

/** A store that is away until it is told otherwise. */
function open() {
  const told: string[] = [];
  const failures: unknown[] = [];
  const state = { isAway: true };
  const store = {
    async purge({ customerId }: { customerId: string | null }, revision: number) {
      told.push(`${customerId} ${revision}`);
      if (state.isAway) throw new Error('away');
      return 1;
    },
  };
  const purges = new StorePurges({ store, limits, onError: (e) => failures.push(e) });
  return { purges, told, failures, state };
}

it('a purge is repeated until the store has carried it out, and no longer', async () => {
  const { purges, told, failures, state } = open();
  purges.add(of('a', 1));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.length).toBe(failures.length);
  expect(told.length).toBeGreaterThan(2);
  state.isAway = false;
  const before = told.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told.slice(before)).toEqual(['a 1']);
  purges.add(of('b', 2));
  await vi.advanceTimersByTimeAsync(0);
  expect(told.slice(before)).toEqual(['a 1', 'b 2']);
});

it('those that wait are not more than their bound: beyond it, all that is older goes', async () => {
  const { purges, told, state } = open();
  for (const [customer, revision] of [
    ['a', 1],
    ['a', 2],
    ['b', 3],
    ['c', 4],
  ] as const) {
    purges.add(of(customer, revision));
  }
  state.isAway = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toContain('null 4');
});

it('closes although the store is away', async () => {
  const { purges, told } = open();
  purges.add(of('a', 1));
  await vi.advanceTimersByTimeAsync(0);
  await purges.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual(['a 1']);
});

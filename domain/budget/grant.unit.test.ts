import { describe, expect, it } from 'vitest';
import { type BudgetAccount, noAccount } from './account.ts';
import { allocateCharge, decideGrant, isScarce } from './grant.ts';

/** An account with a limit of 1600, so that a slice is 100. */
function account(left: bigint): BudgetAccount {
  return { ...noAccount, opened: true, limit: 1_600n, spent: 1_600n - left };
}

const granted = (amount: bigint) => ({ kind: 'grant', amount });
const exhausted = { kind: 'exhausted' };

describe('a grant', () => {
  it.each<[string, bigint, bigint, bigint[], object]>([
    ['is a sixteenth of the limit if less is needed', 1_600n, 0n, [1n], granted(100n)],
    ['is a sixteenth of the limit if just that is needed', 1_600n, 0n, [100n], granted(100n)],
    ['is what waits if that is more', 1_600n, 0n, [60n, 41n], granted(101n)],
    ['is what waits beyond what is free', 1_600n, 50n, [200n], granted(150n)],
    ['is a quarter of what is left if that is less', 80n, 0n, [1n], granted(20n)],
    ['is a quarter of what is left if just that is needed', 80n, 0n, [20n], granted(20n)],
    ['is more than a quarter of what is left if that waits', 80n, 0n, [21n], granted(21n)],
    ['is the last unit', 1n, 0n, [1n], granted(1n)],
    ['is all that is left if just that is needed', 300n, 0n, [300n], granted(300n)],
    ['counts what is free as if it were left', 100n, 20n, [120n], granted(100n)],
    ['leaves out a call that cannot be served', 100n, 20n, [121n, 50n], granted(30n)],
    ['leaves out what does not fit next to those before', 300n, 0n, [200n, 150n], granted(200n)],
    ['serves the next call that does fit', 300n, 0n, [200n, 150n, 90n], granted(290n)],
    ['is none if what is free serves the calls that can be', 100n, 20n, [121n, 20n], exhausted],
    ['is none if nothing is left', 0n, 0n, [1n], exhausted],
    ['is none if less than nothing is left', -5n, 10n, [11n], exhausted],
    ['is none if no call can be served', 50n, 0n, [51n], exhausted],
    ['is none if nothing waits', 1_600n, 0n, [], exhausted],
  ])('%s', (_, left, free, waiting, decision) => {
    expect(decideGrant(account(left), free, waiting, null)).toEqual(decision);
  });

  it.each<[string, bigint, bigint[], bigint, object]>([
    ['is what waits and what is spent until the next one', 1_600n, [7n], 30n, granted(37n)],
    ['is no more than a share, however much is spent', 1_600n, [7n], 5_000n, granted(100n)],
    ['is what waits if nothing was spent lately', 1_600n, [7n], 0n, granted(7n)],
    ['is what waits if that is more than a share', 1_600n, [101n], 30n, granted(101n)],
    ['gets smaller as the rest does', 80n, [1n], 5_000n, granted(20n)],
    ['is the last unit', 1n, [1n], 5_000n, granted(1n)],
  ])('at a rate that is known %s', (_, left, waiting, ahead, decision) => {
    expect(decideGrant(account(left), 0n, waiting, ahead)).toEqual(decision);
  });
});

it.each([
  [400n, 400n, false],
  [399n, 100n, true],
  [500n, 501n, true],
  [0n, 0n, true],
])('of 1600, with %i left, a slice of %i is scarce: %s', (left, amount, scarce) => {
  expect(isScarce(account(left), amount)).toBe(scarce);
});

describe('a charge', () => {
  it.each<[string, bigint[], bigint, bigint[], bigint]>([
    ['falls on the parts in order', [5n, 5n, 5n], 7n, [5n, 2n, 0n], 0n],
    ['of just the hold has no excess', [5n, 5n], 10n, [5n, 5n], 0n],
    ['of nothing charges nothing', [5n, 5n], 0n, [0n, 0n], 0n],
    ['above the hold falls on the last part, and is told', [5n, 5n], 13n, [5n, 8n], 3n],
    ['of one unit above the hold is told', [5n, 5n], 11n, [5n, 6n], 1n],
    ['without any hold is all excess', [], 3n, [], 3n],
  ])('%s', (_, parts, charge, charges, overrun) => {
    expect(allocateCharge(parts, charge)).toEqual({ charges, overrun });
  });
});

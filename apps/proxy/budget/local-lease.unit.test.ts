/** I3: what calls take out of slices, to the last unit, and when a slice is given back. */
import { describe, expect, it } from 'vitest';
import { freeOf, isOver, type LocalLease, releaseHold, takeHold } from './local-lease.ts';

function lease(fields: Partial<LocalLease> = {}): LocalLease {
  const unused = { spent: 0n, held: 0n, holds: 0, closed: false, usedAtMs: 0 };
  return { leaseId: 'lse_1', amount: 100n, ...unused, ...fields };
}

const taken = (leases: readonly LocalLease[], amount: bigint) =>
  takeHold(leases, amount, 5)?.map((part) => [leases.indexOf(part.lease), part.amount]) ?? null;

describe('what is free', () => {
  it.each([
    ['all of a new lease', {}, 100n],
    ['what is neither spent nor held', { spent: 30n, held: 50n }, 20n],
    ['the last unit', { spent: 30n, held: 69n }, 1n],
    ['nothing of one that is used up', { spent: 30n, held: 70n }, 0n],
    ['nothing of one that a provider exceeded', { spent: 130n }, 0n],
    ['nothing of a closed one', { closed: true }, 0n],
  ])('is %s', (_, fields, free) => {
    expect(freeOf(lease(fields))).toBe(free);
  });
});

describe('a hold', () => {
  it('takes no more of a lease than it needs, and says when', () => {
    const one = lease();
    expect(taken([one], 40n)).toEqual([[0, 40n]]);
    expect(one).toEqual(lease({ held: 40n, holds: 1, usedAtMs: 5 }));
  });

  it('goes on in the next lease, past those without room', () => {
    const leases = [lease({ spent: 90n }), lease({ held: 100n, holds: 2 }), lease(), lease()];
    expect(taken(leases, 60n)).toEqual([
      [0, 10n],
      [2, 50n],
    ]);
    expect(leases.map(({ held, holds }) => [held, holds])).toEqual([
      [10n, 1],
      [100n, 2],
      [50n, 1],
      [0n, 0],
    ]);
    expect(leases.map(({ usedAtMs }) => usedAtMs)).toEqual([5, 0, 5, 0]);
  });

  it('takes the last unit, and of one more nothing at all', () => {
    const leases = [lease({ spent: 90n }), lease()];
    expect(taken(leases, 111n)).toBe(null);
    expect(leases).toEqual([lease({ spent: 90n }), lease()]);
    expect(taken(leases, 110n)).toEqual([
      [0, 10n],
      [1, 100n],
    ]);
    expect(taken(leases, 1n)).toBe(null);
  });

  it('of nothing takes nothing', () => {
    expect(taken([lease()], 0n)).toEqual([]);
  });
});

describe('a hold that ends', () => {
  it('is free again, and what each part was charged is spent', () => {
    const [one, two] = [lease({ spent: 5n, held: 30n, holds: 2 }), lease({ held: 40n, holds: 1 })];
    const parts = [
      { lease: one, amount: 10n },
      { lease: two, amount: 40n },
    ];
    releaseHold(parts, [7n, 41n], 9);
    expect(one).toEqual(lease({ spent: 12n, held: 20n, holds: 1, usedAtMs: 9 }));
    expect(two).toEqual(lease({ spent: 41n, usedAtMs: 9 }));
  });

  it('without charges costs nothing', () => {
    const one = lease({ spent: 5n, held: 10n, holds: 1 });
    releaseHold([{ lease: one, amount: 10n }], [], 9);
    expect(one).toEqual(lease({ spent: 5n, usedAtMs: 9 }));
  });
});

describe('a lease is over', () => {
  it.each<[string, Partial<LocalLease>, object, boolean]>([
    ['not before it was idle for long enough', { usedAtMs: 1 }, { nowMs: 50 }, false],
    ['when it was', { usedAtMs: 0 }, { nowMs: 50 }, true],
    ['not while a call uses it, however long ago it began', { holds: 1, held: 1n }, {}, false],
    ['not even if that call holds all of it', { holds: 1, held: 100n, usedAtMs: 50 }, {}, false],
    ['when it is used up to the last unit', { spent: 100n, usedAtMs: 50 }, { nowMs: 50 }, true],
    ['not when one unit is left', { spent: 99n, usedAtMs: 50 }, { nowMs: 50 }, false],
    ['when its window has ended', { usedAtMs: 50 }, { nowMs: 50, windowEnded: true }, true],
    ['then also while a call uses it', { holds: 1, held: 1n }, { windowEnded: true }, true],
  ])('%s', (_, fields, at, over) => {
    const facts = { nowMs: 1_000, idleMs: 50, windowEnded: false, ...at };
    expect(isOver(lease(fields), facts)).toBe(over);
  });
});

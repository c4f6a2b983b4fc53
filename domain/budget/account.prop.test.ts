import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDecimal12 } from '../money/money.ts';
import { available, type BudgetAccount, evolveAccount, noAccount } from './account.ts';
import type { BudgetWindowEvent } from './budget-events.ts';
import { allocateCharge, decideGrant } from './grant.ts';

const opened = (limit: bigint): BudgetAccount =>
  evolveAccount(noAccount, {
    type: 'WindowOpened',
    data: {
      budget_id: 'bud_1',
      window_start: '2026-11-01T00:00:00.000Z',
      window_end: null,
      limit: formatDecimal12(limit),
      definition_revision: '0',
    },
  });

const amount = fc.bigInt({ min: 0n, max: 10n ** 18n });
const step = fc.oneof(
  fc.record({ kind: fc.constant('grant' as const), shortfall: amount }),
  fc.record({ kind: fc.constant('settle' as const), share: fc.integer({ min: 0, max: 1000 }) }),
  fc.record({ kind: fc.constant('lower' as const), limit: amount }),
);

/** Applies a step the way a proxy would: only what the decider allows becomes an event. */
function eventOf(
  account: BudgetAccount,
  action: { kind: string; shortfall?: bigint; share?: number; limit?: bigint },
  index: number,
): BudgetWindowEvent | null {
  if (action.kind === 'lower') {
    const limit = formatDecimal12(action.limit ?? 0n);
    return { type: 'LimitChanged', data: { limit, definition_revision: String(index + 1) } };
  }
  if (action.kind === 'settle') {
    const [leaseId, lease] = [...account.openLeases][0] ?? [];
    if (leaseId === undefined || lease === undefined) return null;
    const spent = (lease.amount * BigInt(action.share ?? 0)) / 1000n;
    return { type: 'LeaseSettled', data: { lease_id: leaseId, spent: formatDecimal12(spent) } };
  }
  const decision = decideGrant(account, 0n, [(action.shortfall ?? 0n) + 1n], null);
  if (decision.kind === 'exhausted') return null;
  return {
    type: 'LeaseGranted',
    data: {
      lease_id: `lse_${index}`,
      instance_id: 'ins_1',
      amount: formatDecimal12(decision.amount),
    },
  };
}

describe('the budget account', () => {
  it('I3: a grant never takes settled spend and open leases above the limit in force', () => {
    fc.assert(
      fc.property(amount, fc.array(step, { maxLength: 60 }), (limit, steps) => {
        let account = opened(limit);
        steps.forEach((action, index) => {
          const event = eventOf(account, action, index);
          if (event === null) return;
          account = evolveAccount(account, event);
          if (event.type === 'LeaseGranted') expect(available(account) >= 0n).toBe(true);
        });
        expect(account.held).toBe(
          [...account.openLeases.values()].reduce((sum, lease) => sum + lease.amount, 0n),
        );
      }),
    );
  });

  it('I3: the last unit of a budget can be granted', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 18n }), (limit) => {
        let account = opened(limit);
        for (let index = 0; available(account) > 0n; index++) {
          const event = eventOf(account, { kind: 'grant', shortfall: 0n }, index);
          if (event === null) break;
          account = evolveAccount(account, event);
        }
        expect(available(account)).toBe(0n);
      }),
    );
  });

  it('I3: no phantom spend: when everything is settled, nothing is held', () => {
    let account = opened(100n);
    account = evolveAccount(account, {
      type: 'LeaseGranted',
      data: { lease_id: 'l', instance_id: 'i', amount: '0.000000000060' },
    });
    account = evolveAccount(account, {
      type: 'Overrun',
      data: { lease_id: 'l', attempt_id: 'a', amount: '0.000000000015' },
    });
    expect(available(account)).toBe(25n);
    account = evolveAccount(account, {
      type: 'LeaseSettled',
      data: { lease_id: 'l', spent: '0.000000000075' },
    });
    account = evolveAccount(account, {
      type: 'LeaseAdjusted',
      data: { lease_id: 'l', attempt_id: 'a', delta: '-0.000000000070' },
    });
    expect([account.held, account.spent, available(account)]).toEqual([0n, 5n, 95n]);
  });

  it('refuses a stream that settles a lease twice', () => {
    expect(() =>
      evolveAccount(opened(1n), {
        type: 'LeaseSettled',
        data: { lease_id: 'l', spent: '0.000000000000' },
      }),
    ).toThrow('was not open');
  });
});

describe('a charge falls on the parts of its hold', () => {
  it('in order, each up to its amount, and nothing is lost', () => {
    const parts = fc.array(amount, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, amount, (held, charge) => {
        const { charges, overrun } = allocateCharge(held, charge);
        const total = held.reduce((sum, part) => sum + part, 0n);
        expect(charges.reduce((sum, part) => sum + part, 0n)).toBe(charge);
        expect(overrun).toBe(charge > total ? charge - total : 0n);
        expect(charges.slice(0, -1).every((part, i) => part <= (held[i] ?? 0n))).toBe(true);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { available, type BudgetAccount, evolveAccount, noAccount } from './account.ts';
import type { BudgetDefinitionEvent, BudgetWindowEvent } from './budget-events.ts';
import { creditLeft } from './credit-left.ts';
import { type BudgetDefinition, evolveDefinition } from './definition.ts';
import { accountAt, isBehind, limitAt, nextFallMs, windowChanges, windowOpened } from './limit.ts';

const USD = 1_000_000_000_000n;
const NOON = Date.UTC(2026, 10, 30, 12);
const HOUR = 3_600_000;
const ALL_TIME = { startMs: 0, endMs: Number.POSITIVE_INFINITY };
const iso = (ms: number) => new Date(ms).toISOString();
const usd = (amount: number) => `${amount}.000000000000`;

const defined = {
  type: 'BudgetDefined',
  data: {
    ...{ budget_id: 'bud_1', scope: { type: 'key', id: 'key_1' }, unit: 'usd', window: 'total' },
    ...{ limit: usd(10), enforcement: 'hard', basis: 'cost', time_zone: 'UTC' },
  },
} as BudgetDefinitionEvent;
const topUp = (id: string, amount: number, endsMs: number | null): BudgetDefinitionEvent => ({
  type: 'BudgetToppedUp',
  data: {
    ...{ budget_id: 'bud_1', top_up_id: id, amount: usd(amount) },
    expires_at: endsMs === null ? null : iso(endsMs),
  },
});
const raise = (id: string, amount: number, untilMs: number): BudgetDefinitionEvent => ({
  type: 'BudgetRaised',
  data: { budget_id: 'bud_1', raise_id: id, amount: usd(amount), until: iso(untilMs) },
});
const end = (id: string): BudgetDefinitionEvent => ({
  type: 'BudgetRaiseEnded',
  data: { budget_id: 'bud_1', raise_id: id },
});

function definition(...events: BudgetDefinitionEvent[]): BudgetDefinition {
  const all = [defined, ...events];
  return all.reduce<BudgetDefinition | undefined>(
    (state, event, index) => evolveDefinition(state, event, BigInt(index)),
    undefined,
  ) as BudgetDefinition;
}
const fold = (account: BudgetAccount, ...events: BudgetWindowEvent[]) =>
  events.reduce(evolveAccount, account);
const opened = (of: BudgetDefinition, nowMs = NOON) =>
  fold(noAccount, windowOpened(of, ALL_TIME, nowMs));
/** What any process would append, and the account then. */
function followed(account: BudgetAccount, of: BudgetDefinition, nowMs: number): BudgetAccount {
  return fold(account, ...windowChanges(account, of, nowMs).map(({ event }) => event));
}
const granted = (id: string, amount: number): BudgetWindowEvent => ({
  type: 'LeaseGranted',
  data: { lease_id: id, instance_id: 'ins_1', amount: usd(amount) },
});
const settled = (id: string, spent: number): BudgetWindowEvent => ({
  type: 'LeaseSettled',
  data: { lease_id: id, spent: usd(spent) },
});
const dollars = ({ limit, spent, held }: BudgetAccount) =>
  [limit, spent, held].map((amount) => Number(amount / USD));

describe('a raise', () => {
  it('is added until its instant, several add up, and each ends by itself', () => {
    const of = definition(raise('a', 5, NOON + HOUR), raise('b', 7, NOON + 2 * HOUR));
    const limits = [0, HOUR - 1, HOUR, 2 * HOUR].map((ms) => limitAt(of, NOON + ms) / USD);
    expect(limits).toEqual([22n, 22n, 17n, 10n]);
    expect(nextFallMs(opened(of), of, NOON)).toBe(NOON + HOUR);
  });

  it('can be ended early, which is a change of the definition', () => {
    const before = definition(raise('a', 5, NOON + HOUR));
    const after = definition(raise('a', 5, NOON + HOUR), end('a'));
    expect([limitAt(after, NOON), nextFallMs(opened(after), after, NOON)]).toEqual([
      ...[10n * USD, Number.POSITIVE_INFINITY],
    ]);
    expect(isBehind(opened(before), after, NOON)).toBe(true);
    expect(dollars(followed(opened(before), after, NOON))).toEqual([10, 0, 0]);
  });

  it('I3: has ended for every process once one has recorded it, whatever its clock says', () => {
    const of = definition(raise('a', 5, NOON + HOUR));
    const ended = followed(opened(of), of, NOON + HOUR);
    expect(dollars(ended)).toEqual([10, 0, 0]);
    // A clock that is behind: nothing to say, and nothing comes back.
    expect(windowChanges(ended, of, NOON)).toEqual([]);
    const later = definition(raise('a', 5, NOON + HOUR), raise('b', 2, NOON + 3 * HOUR));
    expect(dollars(followed(ended, later, NOON))).toEqual([12, 0, 0]);
  });

  it('is one append, whichever process records its end, and when', () => {
    const of = definition(raise('a', 5, NOON + HOUR));
    const [one, two] = [1, HOUR].map((ms) => windowChanges(opened(of), of, NOON + HOUR + ms));
    expect(one).toEqual(two);
    expect(one?.map(({ subject }) => subject)).toEqual([`1|${iso(NOON + HOUR)}`]);
  });

  it('I3: stops the next grant of a window that spent more than is left, and no settlement', () => {
    const of = definition(raise('a', 5, NOON + HOUR));
    const busy = fold(opened(of), granted('l1', 12), granted('l2', 3), settled('l1', 12));
    const over = followed(busy, of, NOON + HOUR);
    expect([dollars(over), available(over) / USD]).toEqual([[10, 12, 3], -5n]);
    expect(dollars(fold(over, settled('l2', 3)))).toEqual([10, 15, 0]);
  });

  it('that ended before a window opens is not told again', () => {
    const of = definition(raise('a', 5, NOON - HOUR));
    expect(windowChanges(opened(of), of, NOON)).toEqual([]);
    expect(isBehind(opened(of), of, NOON)).toBe(false);
  });
});

describe('credit that ends', () => {
  const of = definition(
    topUp('late', 4, NOON + 2 * HOUR),
    topUp('endless', 2, null),
    topUp('soon', 3, NOON + HOUR),
  );
  const left = (account: BudgetAccount) =>
    Object.fromEntries([...creditLeft(of, account)].map(([id, amount]) => [id, amount / USD]));

  it('is spent first, the first to end before all', () => {
    expect(dollars(opened(of))).toEqual([19, 0, 0]);
    expect(left(fold(opened(of), granted('l', 5)))).toEqual({ soon: 0n, late: 2n, endless: 2n });
    expect(left(fold(opened(of), granted('l', 18), settled('l', 18)))).toEqual({
      ...{ soon: 0n, late: 0n, endless: 1n },
    });
  });

  it('is gone where it is unused, once, and what was spent of it stays spent', () => {
    const spent = fold(opened(of), granted('l', 2), settled('l', 1));
    const ended = followed(spent, of, NOON + HOUR);
    expect([dollars(ended), ended.gone]).toEqual([[17, 1, 0], 2n * USD]);
    expect(followed(ended, of, NOON + HOUR)).toEqual(ended);
    const again = { type: 'CreditExpired', data: { top_up_id: 'soon', unused: usd(2) } } as const;
    expect(() => fold(ended, again)).toThrow('was not there');
  });

  // getlago/lago-api#4642 and its like: balance = what was given - what was used - what is gone.
  it('I6: adds up to the last digit, whatever ended meanwhile', () => {
    const busy = fold(opened(of), granted('l1', 8), granted('l2', 1), settled('l2', 1));
    const end = fold(followed(busy, of, NOON + 3 * HOUR), settled('l1', 6));
    const [limit, spent, held] = dollars(end);
    // 19 were given, 7 were used; l1 had all 7 of the credit that ended, and gave 1 of it back.
    expect([limit, spent, held, end.gone / USD]).toEqual([18, 7, 0, 1n]);
  });

  it('I3: of a running call is not taken away, and what it does not use does not come back', () => {
    const running = fold(opened(of), granted('l', 3));
    const ended = followed(running, of, NOON + HOUR);
    expect([dollars(ended), ended.gone]).toEqual([[19, 0, 3], 0n]);
    const after = fold(ended, settled('l', 1));
    expect([dollars(after), available(after) / USD]).toEqual([[17, 1, 0], 16n]);
  });

  it('pays what was spent beyond a bound, or beyond a limit that fell, before it ends', () => {
    const over = fold(opened(definition()), granted('l', 10), settled('l', 12));
    expect(available(over)).toBe(-2n * USD);
    const more = definition(topUp('soon', 3, NOON + HOUR));
    const paid = followed(over, more, NOON);
    expect([available(paid), paid.lots[0]?.left]).toEqual([USD, USD]);
    expect(available(followed(paid, more, NOON + HOUR))).toBe(0n);
  });

  it('I3: pays of a slice that it is no part of what was billed beyond a bound, and no later call', () => {
    const later = definition(topUp('a', 6, NOON + 2 * HOUR));
    const of = definition(topUp('a', 6, NOON + 2 * HOUR), topUp('b', 2, NOON + HOUR));
    const slice = fold(opened(later), granted('lse_1', 4));
    const billed = { lease_id: 'lse_1', attempt_id: 'att_1', amount: usd(1) };
    const before = fold(followed(slice, of, NOON), { type: 'Overrun', data: billed });
    // It spends more after the end, of what it was granted: 2 is all that was spent by then.
    const spentOf = (spent: number) =>
      fold(followed(before, of, NOON + HOUR), settled('lse_1', spent));
    expect([2, 4].map((spent) => spentOf(spent).gone / USD)).toEqual([1n, 1n]);
    const left = [2, 4].map((spent) => spentOf(spent).lots.map((lot) => lot.left / USD));
    expect(left).toEqual([[5n], [3n]]);
  });

  it('that a correction gives back is credit without an end', () => {
    const delta = { lease_id: 'l', attempt_id: 'a', delta: '-1.000000000000' };
    const spent = fold(opened(of), granted('l', 3), settled('l', 3));
    const ended = followed(spent, of, NOON + HOUR);
    expect(available(fold(ended, { type: 'LeaseAdjusted', data: delta })) / USD).toBe(17n);
  });

  it('that ended before the window knew of it never was', () => {
    const late = followed(opened(definition()), of, NOON + HOUR);
    expect([dollars(late), late.lots.map(({ id }) => id)]).toEqual([[16, 0, 0], ['late']]);
    expect(dollars(opened(of, NOON + 5 * HOUR))).toEqual([12, 0, 0]);
  });

  it('reaches an open window once, also when two processes tell it', () => {
    const before = opened(definition());
    const once = followed(before, of, NOON);
    expect([dollars(once), windowChanges(once, of, NOON)]).toEqual([[19, 0, 0], []]);
    const told = windowChanges(before, of, NOON).map(({ event }) => event);
    expect(dollars(fold(once, ...told))).toEqual([19, 0, 0]);
  });
});

it('those who only look see what has ended before anybody has recorded it', () => {
  const of = definition(raise('a', 5, NOON + HOUR), topUp('soon', 3, NOON + HOUR));
  expect(dollars(accountAt(noAccount, of, ALL_TIME, NOON))).toEqual([18, 0, 0]);
  expect(dollars(accountAt(opened(of), of, ALL_TIME, NOON + HOUR))).toEqual([10, 0, 0]);
});

/** Which budgets and rate limits bind a key: those of its whole path, whatever became of its secret. */
import { beforeEach, expect, it } from 'vitest';
import { rateLimit } from '../testing/rate-house.ts';
import { type KeyView, LedgerView } from './ledger-view.ts';

let view: LedgerView;
let events: bigint;
beforeEach(() => {
  view = new LedgerView(16);
  events = 0n;
});

function apply(stream: string, type: string, data: object): void {
  const at = { stream, revision: events, position: '', recordedAtMs: 0 };
  view.apply({ id: String(events++), type, data, ...at });
}

const hashOf = (digit: number) => String(digit).repeat(64);

function issue(keyId: string, digit: number, teamId: string | null, customerId = 'cus_1'): void {
  apply(`key-${keyId}`, 'KeyIssued', {
    ...{ key_id: keyId, customer_id: customerId, team_id: teamId, name: 'n', environment: 'live' },
    ...{ tags: {}, last_four: 'abcd', on_disconnect: 'drain', expires_at: null },
    ...{ hash: hashOf(digit), pepper_version: 1 },
  });
}

function define(budgetId: string, scope: { type: string; id: string }): void {
  apply(`budget_definition-${budgetId}`, 'BudgetDefined', {
    ...{ budget_id: budgetId, scope, unit: 'usd', window: 'month', limit: '5.000000000000' },
    ...{ enforcement: 'hard', basis: 'cost', time_zone: 'UTC', anchor: null, model: null },
    ...{ counts: 'total', cache_reads: true },
  });
}

function keyOf(digit: number): KeyView {
  const found = view.key(hashOf(digit), 0);
  if (typeof found !== 'object') throw new Error(`no key: ${found}`);
  return found;
}
const budgetsOf = (digit: number) =>
  view.budgetsOf(keyOf(digit)).map(({ definition }) => definition.budget_id);

// litellm#26672: a budget that a key referred to was not its own, so nobody asked it.
// litellm#11962: with a team, the budget of the user was not asked.
it('every budget on the path of a key binds its calls, whenever it was defined', () => {
  define('of the team', { type: 'team', id: 't1' });
  issue('k1', 1, 't1');
  issue('k2', 2, null);
  issue('k3', 3, 't2', 'cus_2');
  expect(budgetsOf(1)).toEqual(['of the team']);
  define('of the key', { type: 'key', id: 'k1' });
  define('of the customer', { type: 'customer', id: 'cus_1' });
  define('of all', { type: 'installation', id: 'installation' });
  expect(budgetsOf(1)).toEqual(['of the key', 'of the team', 'of the customer', 'of all']);
  expect(budgetsOf(2)).toEqual(['of the customer', 'of all']);
  expect(budgetsOf(3)).toEqual(['of all']);
});

// litellm#31079: a key whose secret was renewed began with unspent budgets.
it('a new secret of a key opens the same budgets and rate limits, and no others', () => {
  issue('k1', 1, 't1');
  define('of the key', { type: 'key', id: 'k1' });
  define('of the team', { type: 'team', id: 't1' });
  const { archived: _, ...limit } = rateLimit({ scope: { type: 'key', id: 'k1' } });
  apply('rate_limit-rtl_1', 'RateLimitDefined', limit);
  apply('key-k1', 'KeyRotated', {
    ...{ key_id: 'k1', hash: hashOf(2), pepper_version: 1, last_four: 'efgh' },
    previous_valid_until: '2026-02-01T00:00:00.000Z',
  });
  expect(budgetsOf(2)).toEqual(['of the key', 'of the team']);
  const [old, renewed] = [keyOf(1), keyOf(2)];
  // By what a call is counted under.
  expect([renewed.keyId, renewed.teamId, renewed.customerId]).toEqual(['k1', 't1', 'cus_1']);
  expect(view.rateLimitsOf(renewed)).toMatchObject([{ rate_limit_id: 'rtl_1' }]);
  expect(view.rateLimitsOf(renewed)).toEqual(view.rateLimitsOf(old));
});

it('a budget that is told to clamp clamps the next call, and refuses again when told so', () => {
  issue('k1', 1, null);
  define('of the key', { type: 'key', id: 'k1' });
  const said = () =>
    budgetsOf(1).length === 1 && view.budgetsOf(keyOf(1))[0]?.definition.on_exceeded;
  const change = (on_exceeded: string) =>
    apply('budget_definition-of the key', 'BudgetOnExceededChanged', {
      ...{ budget_id: 'of the key', on_exceeded },
    });
  expect(said()).toBe('refuse');
  change('clamp');
  expect(said()).toBe('clamp');
  change('refuse');
  expect(said()).toBe('refuse');
});

import type { RateLimitScope } from '@tollgate/domain/rate-limit/rate-limit-events.ts';
import { beforeEach, expect, it } from 'vitest';
import { rateLimit } from '../testing/rate-house.ts';
import type { KeyView } from './ledger-view.ts';
import { RateLimitsView } from './rate-limits-view.ts';

const key = (keyId: string, teamId: string | null = null, customerId = 'cus_1') =>
  ({ keyId, teamId, customerId }) as KeyView;

let view: RateLimitsView;
beforeEach(() => {
  view = new RateLimitsView();
});

function define(rate_limit_id: string, scope: RateLimitScope): void {
  const { archived: _, ...data } = rateLimit({ rate_limit_id, scope });
  view.apply({ type: 'RateLimitDefined', data });
}
const idsOf = (of: KeyView) => view.of(of).map(({ rate_limit_id }) => rate_limit_id);

// litellm#27381: a limiter was never asked.
it('every limit on the path of a key binds its calls, and no other limit', () => {
  define('key', { type: 'key', id: 'k1' });
  define('model', { type: 'key_model', id: 'k1', model: '*' });
  define('team', { type: 'team', id: 't1' });
  define('customer', { type: 'customer', id: 'cus_1' });
  define('users of key', { type: 'end_user', of: 'key', id: 'k1' });
  define('users of customer', { type: 'end_user', of: 'customer', id: 'cus_1' });
  expect(idsOf(key('k1', 't1'))).toEqual([
    ...['key', 'model', 'users of key', 'team', 'customer', 'users of customer'],
  ]);
  expect(idsOf(key('k2'))).toEqual(['customer', 'users of customer']);
  expect(idsOf(key('k3', 't2', 'cus_2'))).toEqual([]);
});

it('what is defined, changed or archived binds the next call of a key that was seen before', () => {
  expect(view.of(key('k1'))).toEqual([]);
  define('a', { type: 'key', id: 'k1' });
  expect(view.of(key('k1'))[0]?.limit).toBe(10);
  const terms = { limit: 3, smoothing: false, when_store_is_away: 'open' } as const;
  view.apply({ type: 'RateLimitChanged', data: { rate_limit_id: 'a', ...terms } });
  expect(view.of(key('k1'))[0]).toMatchObject(terms);
  view.apply({ type: 'RateLimitArchived', data: { rate_limit_id: 'a' } });
  expect(view.of(key('k1'))).toEqual([]);
});

it('without a limit, a call of any key gets the same empty list', () => {
  expect(view.of(key('k1'))).toBe(view.of(key('k2')));
  define('a', { type: 'key', id: 'k1' });
  expect(view.of(key('k2'))).toBe(view.of(key('k3')));
});

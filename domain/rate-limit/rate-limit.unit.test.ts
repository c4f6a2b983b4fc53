import { describe, expect, it } from 'vitest';
import {
  decideArchiveRateLimit,
  decideChangeRateLimit,
  evolveRateLimit,
  type RateLimit,
} from './rate-limit.ts';
import type { RateLimitDefined, RateLimitEvent } from './rate-limit-events.ts';

const defined: RateLimitDefined = {
  type: 'RateLimitDefined',
  data: {
    ...{ rate_limit_id: 'rtl_1', scope: { type: 'key', id: 'k' }, measure: 'requests' },
    ...{ per: 'minute', limit: 100, smoothing: false, when_store_is_away: 'closed' },
  },
};
const archived: RateLimitEvent = { type: 'RateLimitArchived', data: { rate_limit_id: 'rtl_1' } };
const after = (...events: RateLimitEvent[]) =>
  events.reduce<RateLimit | undefined>((state, event) => evolveRateLimit(state, event), undefined);

describe('a rate limit', () => {
  it('is changed in what is said, and stays the same in the rest', () => {
    const changed = decideChangeRateLimit(after(defined), { limit: 50, smoothing: true });
    expect(changed).toEqual({
      type: 'RateLimitChanged',
      data: {
        ...{ rate_limit_id: 'rtl_1', limit: 50, smoothing: true },
        when_store_is_away: 'closed',
      },
    });
    expect(after(defined, changed as RateLimitEvent)).toEqual({
      ...{ ...defined.data, limit: 50, smoothing: true, archived: false },
    });
  });

  it('is not changed by what it already is', () => {
    expect(decideChangeRateLimit(after(defined), { limit: 100 })).toBeNull();
    expect(decideChangeRateLimit(after(defined), { when_store_is_away: 'open' })).not.toBeNull();
  });

  it('of seconds, or of concurrent calls, has no seconds to be spread over', () => {
    for (const per of ['second', null] as const) {
      const state = after({ ...defined, data: { ...defined.data, per } });
      const refused = { refused: 'rate_limit_not_smoothable' };
      expect(decideChangeRateLimit(state, { smoothing: true })).toEqual(refused);
    }
  });

  it('that is archived, or was never defined, is neither changed nor archived again', () => {
    expect(decideArchiveRateLimit(after(defined))).toEqual(archived);
    const gone = after(defined, archived);
    expect(gone?.archived).toBe(true);
    expect([decideArchiveRateLimit(gone), decideChangeRateLimit(gone, { limit: 1 })]).toEqual([
      { refused: 'rate_limit_archived' },
      { refused: 'rate_limit_archived' },
    ]);
    expect(decideArchiveRateLimit(undefined)).toEqual({ refused: 'rate_limit_not_found' });
    expect(() => after(archived)).toThrow('RateLimitArchived before RateLimitDefined');
  });
});

/** What a store of rates that is away, silent or new changes: each limit's own policy decides. */
import { RateCounters } from '@tollgate/adapters/rates/rate-counters.ts';
import { describe, expect, it } from 'vitest';
import {
  admit,
  letThrough,
  memoryRateBook,
  memoryRates,
  pass,
  rateCall,
  rateLimit,
  refused,
  START_MS,
  saidOf,
  taken,
  usedTokens,
  useRateClock,
} from '../testing/rate-house.ts';

useRateClock();

describe('a store that is away', () => {
  const down = async () => {
    throw new Error('down');
  };

  // litellm#35528: what failed in the check let every call through, whatever the limit said.
  it('closes limits that say so, opens the others, and is reported once', async () => {
    const reports: (string | null)[] = [];
    let fails = true;
    const store = memoryRates(undefined, () => (fails ? down() : Promise.resolve()));
    const book = memoryRateBook({ store, onStore: (e) => reports.push(e?.message ?? null) });
    const closed = rateCall([rateLimit()]);
    const open = rateCall([rateLimit({ rate_limit_id: 'o', when_store_is_away: 'open' })]);
    expect(await refused(book, closed)).toMatchObject({ kind: 'unavailable', retryMs: 500 });
    expect(await letThrough([book], open, 20)).toBe(20);
    expect([book.gauges(), reports]).toMatchObject([{ isAway: true, unenforced: 20 }, ['down']]);
    await pass(600);
    expect(saidOf(await admit(book, closed))).toBe('unavailable requests');
    fails = false;
    await pass(600);
    expect(await letThrough([book], open, 20)).toBe(10);
    expect([book.gauges().isAway, reports]).toEqual([false, ['down', null]]);
  });

  it('that is silent is waited for so long, and then its policies decide', async () => {
    const store = memoryRates(undefined, () => new Promise(() => undefined));
    const book = memoryRateBook({ store });
    const outcomes = [
      book.admit(rateCall([rateLimit()])),
      book.admit(rateCall([rateLimit({ when_store_is_away: 'open', rate_limit_id: 'o' })])),
    ];
    await pass(500);
    expect((await Promise.all(outcomes)).map(saidOf)).toEqual(['unavailable requests', 'taken']);
    // Nobody waits again so soon.
    expect(book.admit(rateCall([rateLimit()]))).toMatchObject({ kind: 'unavailable' });
  });

  it('concurrent calls follow the same policies', async () => {
    const book = memoryRateBook({ store: memoryRates(undefined, down) });
    const slots = (when_store_is_away: 'open' | 'closed') =>
      rateCall([rateLimit({ measure: 'concurrent_calls', when_store_is_away, limit: 1 })]);
    expect(saidOf(await admit(book, slots('closed')))).toBe('unavailable concurrent_calls');
    expect(await letThrough([book], slots('open'), 5)).toBe(5);
  });

  it('is not missed while a share is left', async () => {
    let fails = false;
    const store = memoryRates(undefined, () => (fails ? down() : Promise.resolve()));
    const book = memoryRateBook({ store });
    const limit = rateLimit({ measure: 'total_tokens', limit: 100 });
    (await taken(book, rateCall([limit], 60))).settle(usedTokens(10, 0));
    fails = true;
    expect(saidOf(await admit(book, rateCall([limit], 50)))).toBe('taken');
  });

  // litellm PR#30684: after a restart, counters that were gone enforced nothing.
  it('that restarted knows nothing of its running window: that one is by policy too', async () => {
    const store = memoryRates(new RateCounters(() => Date.now(), START_MS - 1));
    const book = memoryRateBook({ store });
    const refusal = await refused(book, rateCall([rateLimit()]));
    expect(refusal).toMatchObject({ kind: 'unavailable', retryMs: 50_000 });
    const open = rateLimit({ rate_limit_id: 'o', when_store_is_away: 'open' });
    expect(await letThrough([book], rateCall([open]), 20)).toBe(20);
    await pass(50_000);
    expect(await letThrough([book], rateCall([rateLimit(), open]), 20)).toBe(10);
  });
});

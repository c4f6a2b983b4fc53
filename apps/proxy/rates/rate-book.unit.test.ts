/** What calls are let through, of one proxy and of several. */
import { RateCounters } from '@tollgate/adapters/rates/rate-counters.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { describe, expect, it, vi } from 'vitest';
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
import type { RateBook } from './rate-book.ts';
import { RateTicket } from './rate-ticket.ts';

useRateClock();

describe('a limit of requests', () => {
  it('lets so many calls of a minute through, and says when the next may come', async () => {
    const book = memoryRateBook();
    const call = rateCall([rateLimit()]);
    expect(await letThrough([book], call, 25)).toBe(10);
    const refusal = await refused(book, call);
    expect(refusal).toMatchObject({ kind: 'exceeded', needed: 1, left: 0 });
    expect(refusal.resetsAtMs).toBe(Date.UTC(2026, 5, 1, 12, 1));
    expect(refusal.retryMs).toBe(60_000 - 10_000 - 100);
    await pass(refusal.retryMs as number);
    expect(await letThrough([book], call, 25)).toBe(10);
  });

  // litellm PR#14450: a limit of one refused the first.
  it('of one lets one through', async () => {
    expect(await letThrough([memoryRateBook()], rateCall([rateLimit({ limit: 1 })]), 3)).toBe(1);
  });

  // litellm#27736, litellm#40291, litellm#16011, bifrost#3547: counted in each replica, it was
  // limit × replicas.
  it('holds over all proxies together, and all of it can be used', async () => {
    const store = memoryRates();
    const books = [1, 2, 3, 4].map(() => memoryRateBook({ store }));
    for (let i = 0; i < 3; i++) {
      expect(await letThrough(books, rateCall([rateLimit({ limit: 100 })]), 300)).toBe(100);
      await pass(60_000);
    }
  });

  it('is found in memory once a share was taken: no answer of the store is waited for', async () => {
    let asked = 0;
    const store = memoryRates(undefined, async () => void asked++);
    const book = memoryRateBook({ store });
    const call = rateCall([rateLimit({ limit: 1_000_000 })]);
    let waited = 0;
    for (let i = 0; i < 1_000; i++) {
      const outcome = book.admit(call);
      if (!(outcome instanceof RateTicket)) waited++;
      await pass(1);
    }
    expect(waited).toBeLessThan(100);
    expect(asked).toBeLessThan(100);
  });

  it('in seconds, a window has its whole limit again', async () => {
    const book = memoryRateBook();
    const call = rateCall([rateLimit({ per: 'second', limit: 3 })]);
    const counts = [await letThrough([book], call, 9)];
    await pass(900);
    counts.push(await letThrough([book], call, 9));
    expect(counts).toEqual([3, 3]);
  });

  it('smoothed, becomes available second by second, and the refusal says when', async () => {
    const book = memoryRateBook();
    const call = rateCall([rateLimit({ limit: 120, smoothing: true })]);
    expect(await letThrough([book], call, 99)).toBe(22);
    const { retryMs } = await refused(book, call);
    expect(retryMs).toBe(900);
    await pass(900);
    expect(await letThrough([book], call, 99)).toBe(2);
  });

  it('that is lowered binds the next call of the window that runs', async () => {
    const book = memoryRateBook();
    expect(await letThrough([book], rateCall([rateLimit({ limit: 100 })]), 5)).toBe(5);
    expect(await letThrough([book], rateCall([rateLimit({ limit: 7 })]), 9)).toBe(2);
    expect(await letThrough([book], rateCall([rateLimit({ limit: 4 })]), 9)).toBe(0);
  });
});

describe('a limit of tokens', () => {
  const tokens = (limit: number) => [rateLimit({ measure: 'total_tokens', limit })];

  // litellm#18730, litellm#10555, envoyproxy/ai-gateway#680, membrane/api-gateway#3210: calls at once
  // used 663 tokens of 100; three of 7 passed a limit of 15.
  it('is reserved at the worst case, before the call', async () => {
    const book = memoryRateBook();
    expect(await letThrough([book], rateCall(tokens(15), 4, 3), 5)).toBe(2);
  });

  // wso2/api-platform#2932: a call counted as one token. litellm#17664: only the output counted.
  it('counts tokens, and of the kind that it names', async () => {
    const through = (measure: 'input_tokens' | 'output_tokens' | 'total_tokens') =>
      letThrough([memoryRateBook()], rateCall([rateLimit({ measure, limit: 120 })], 40, 20), 9);
    expect([
      await through('input_tokens'),
      await through('output_tokens'),
      await through('total_tokens'),
    ]).toEqual([3, 6, 2]);
  });

  it('gives what was not used to later calls of the same window', async () => {
    const book = memoryRateBook();
    const call = rateCall(tokens(100), 50, 50);
    const first = await taken(book, call);
    expect(saidOf(await admit(book, call))).toBe('exceeded total_tokens');
    first.settle(usedTokens(20, 5));
    await pass(200);
    expect(saidOf(await admit(book, rateCall(tokens(100), 75)))).toBe('taken');
    expect(saidOf(await admit(book, rateCall(tokens(100), 1)))).toBe('exceeded total_tokens');
  });

  it('gives nothing to another window than the one in which the call counts', async () => {
    const book = memoryRateBook();
    const first = await taken(book, rateCall(tokens(100), 100));
    await pass(60_000);
    expect(saidOf(await admit(book, rateCall(tokens(100), 100)))).toBe('taken');
    first.settle(usedTokens(1, 1));
    await pass(200);
    expect(saidOf(await admit(book, rateCall(tokens(100), 1)))).toBe('exceeded total_tokens');
  });

  it('keeps the reserve of a call whose usage nobody stated', async () => {
    const book = memoryRateBook();
    const unknown = { ...usedTokens(0, 0), input_tokens: null } as AttemptOutcome;
    for (const outcome of [unknown, usedTokens(1, 1, 'estimated')]) {
      const ticket = await taken(book, rateCall(tokens(100), 100));
      ticket.settle(outcome);
      await pass(200);
      expect(saidOf(await admit(book, rateCall(tokens(100), 1)))).toBe('exceeded total_tokens');
      await pass(60_000);
    }
  });

  it('counts what a provider used beyond the bound, for all proxies', async () => {
    const store = memoryRates();
    const [one, other] = [memoryRateBook({ store }), memoryRateBook({ store })];
    (await taken(one, rateCall(tokens(100), 10))).settle(usedTokens(60, 0));
    await pass();
    expect(saidOf(await admit(other, rateCall(tokens(100), 41)))).toBe('exceeded total_tokens');
    await pass(100);
    expect(saidOf(await admit(other, rateCall(tokens(100), 40)))).toBe('taken');
  });

  it('of a call that was not sent is there again', async () => {
    const book = memoryRateBook();
    (await taken(book, rateCall(tokens(100), 100))).cancel();
    expect(saidOf(await admit(book, rateCall(tokens(100), 100)))).toBe('taken');
  });

  it('refuses for good what is more than a whole window', async () => {
    const { retryMs, needed } = await refused(memoryRateBook(), rateCall(tokens(100), 101));
    expect([retryMs, needed]).toEqual([null, 101]);
  });

  it('leaves calls alone that can use none of it', async () => {
    const limits = [rateLimit({ measure: 'output_tokens', limit: 1 })];
    expect(await letThrough([memoryRateBook()], rateCall(limits, 50, 0), 9)).toBe(9);
  });

  it('lets another proxy use what this one does not', async () => {
    const store = memoryRates();
    const [one, other] = [memoryRateBook({ store }), memoryRateBook({ store })];
    one.start();
    (await taken(one, rateCall(tokens(100), 100))).settle(usedTokens(10, 0));
    expect(saidOf(await admit(other, rateCall(tokens(100), 90)))).toBe('exceeded total_tokens');
    await pass(300);
    expect(saidOf(await admit(other, rateCall(tokens(100), 90)))).toBe('taken');
    await one.stop();
  });
});

describe('concurrent calls', () => {
  const call = rateCall([rateLimit({ measure: 'concurrent_calls', limit: 3 })]);

  it('are so many at most over all proxies, and a slot is free when its call has ended', async () => {
    const store = memoryRates();
    const books = [memoryRateBook({ store }), memoryRateBook({ store })];
    const tickets = (
      await Promise.all([0, 1, 0, 1, 0].map((i) => admit(books[i] as RateBook, call)))
    ).filter((outcome) => outcome instanceof RateTicket);
    expect(tickets).toHaveLength(3);
    for (const ticket of tickets) {
      ticket.leave();
      // However often a call ends.
      ticket.leave();
    }
    for (const book of books) book.start();
    await pass(300);
    expect(await letThrough([books[1] as RateBook], call, 9)).toBe(3);
    await Promise.all(books.map((book) => book.stop()));
  });

  it('wait for no window: the next may come as soon as one has ended', async () => {
    const book = memoryRateBook();
    await letThrough([book], call, 3);
    const { retryMs, resetsAtMs } = await refused(book, call);
    expect([retryMs, resetsAtMs]).toEqual([1_000, null]);
  });

  it('of a proxy whose lease has ended are not used until they are claimed again', async () => {
    const counters = new RateCounters(() => Date.now());
    let claims = 0;
    const store = {
      ...memoryRates(counters),
      claim: async (claim: Parameters<RateCounters['claim']>[0]) => {
        claims++;
        return { ...counters.claim(claim), leaseMs: 10_000 };
      },
    };
    const book = memoryRateBook({ store });
    (await taken(book, call)).leave();
    // Stopped for longer than its lease, as by SIGSTOP: no timer has run.
    await pass(20_000);
    const before = claims;
    expect(book.admit(call)).toBeInstanceOf(Promise);
    await pass();
    expect(claims).toBe(before + 1);
  });

  it('are claimed again in time, as long as they run', async () => {
    const counters = new RateCounters(() => Date.now());
    const claimedAt: number[] = [];
    const store = {
      ...memoryRates(counters),
      claim: async (claim: Parameters<RateCounters['claim']>[0]) => {
        claimedAt.push(Date.now() - START_MS);
        return { ...counters.claim(claim), leaseMs: 10_000 };
      },
    };
    const book = memoryRateBook({ store });
    book.start();
    const ticket = await taken(book, call);
    await pass(6_500);
    expect(claimedAt).toEqual([0, 2_000, 4_000, 6_000]);
    ticket.leave();
    await pass(30_000);
    expect(claimedAt).toHaveLength(5);
    expect(book.gauges().shares).toBe(0);
    await book.stop();
  });
});

describe('windows are the store’s', () => {
  it('a share is not used after its window, although nobody said that it ended', async () => {
    const book = memoryRateBook();
    const limit = rateLimit({ measure: 'total_tokens', limit: 100 });
    (await taken(book, rateCall([limit], 100))).settle(usedTokens(1, 0));
    await pass(60_000);
    expect(book.admit(rateCall([limit], 1))).toBeInstanceOf(Promise);
  });

  it('no call starts in the last moment of a window: it waits for the next', async () => {
    vi.setSystemTime(Date.UTC(2026, 5, 1, 12, 0, 59, 990));
    const counters = new RateCounters(() => Date.now());
    const book = memoryRateBook({ store: memoryRates(counters) });
    const outcome = book.admit(rateCall([rateLimit({ limit: 1 })]));
    await pass(9);
    let isDone = false;
    void Promise.resolve(outcome).then(() => {
      isDone = true;
    });
    await pass();
    expect(isDone).toBe(false);
    await pass(5);
    expect(saidOf(await outcome)).toBe('taken');
    expect(saidOf(await admit(book, rateCall([rateLimit({ limit: 1 })])))).toBe(
      'exceeded requests',
    );
  });

  it('a ticket says whether its windows still run', async () => {
    const ticket = await taken(memoryRateBook(), rateCall([rateLimit()]));
    const seen = [ticket.isCurrent()];
    await pass(49_980);
    seen.push(ticket.isCurrent());
    expect(seen).toEqual([true, false]);
  });

  it('whose clock is put back gives no window twice', async () => {
    const book = memoryRateBook();
    const call = rateCall([rateLimit()]);
    await pass(50_000);
    expect(await letThrough([book], call, 20)).toBe(10);
    vi.setSystemTime(Date.now() - 30_000);
    await pass(100);
    expect(await letThrough([book], call, 20)).toBe(0);
  });
});

describe('what is kept in memory', () => {
  const scope = { type: 'end_user', of: 'key', id: 'key_1' } as const;
  const limits = [rateLimit({ scope })];

  it('is bounded, and calls of new end users are served beyond it', async () => {
    const book = memoryRateBook({ limits: { rateSharesMax: 50 } });
    for (let user = 0; user < 200; user++) {
      expect(saidOf(await admit(book, rateCall(limits, 0, 0, `user ${user}`)))).toBe('taken');
    }
    expect(book.gauges().shares).toBe(50);
    // Who was forgotten is still counted.
    for (let i = 0; i < 9; i++) await admit(book, rateCall(limits, 0, 0, 'user 0'));
    expect(saidOf(await admit(book, rateCall(limits, 0, 0, 'user 0')))).toBe('exceeded requests');
  });

  it('is forgotten when its window has ended', async () => {
    const book = memoryRateBook();
    book.start();
    for (let user = 0; user < 20; user++) await admit(book, rateCall(limits, 0, 0, `${user}`));
    expect(book.gauges().shares).toBe(20);
    await pass(61_000);
    expect(book.gauges().shares).toBe(0);
    await book.stop();
  });
});

it('states OpenAI’s headers of the limits that have the least left', async () => {
  const book = memoryRateBook();
  const limits = [
    rateLimit({ limit: 10 }),
    rateLimit({ rate_limit_id: 'r2', limit: 5 }),
    rateLimit({ rate_limit_id: 't', measure: 'total_tokens', limit: 1_000 }),
    rateLimit({ rate_limit_id: 'c', measure: 'concurrent_calls' }),
  ];
  const ticket = await taken(book, rateCall(limits, 100, 50));
  const stated = (of: typeof ticket) => {
    const fields: unknown[] = [];
    of.addHeaders(fields);
    return fields;
  };
  expect(stated(ticket)).toEqual([
    ...['x-ratelimit-limit-requests', '5'],
    ...['x-ratelimit-remaining-requests', '4'],
    ...['x-ratelimit-reset-requests', '50s'],
    ...['x-ratelimit-limit-tokens', '1000'],
    ...['x-ratelimit-remaining-tokens', '850'],
    ...['x-ratelimit-reset-tokens', '50s'],
  ]);
  const slots = await taken(book, rateCall([limits[3] as (typeof limits)[0]]));
  expect(stated(slots)).toEqual([]);
});

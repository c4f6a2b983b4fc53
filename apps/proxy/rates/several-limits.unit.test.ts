/** Several limits on the path of one call: each counts by itself, and all of them let it through. */
import { describe, expect, it } from 'vitest';
import {
  admit,
  letThrough,
  memoryRateBook,
  pass,
  rateCall,
  rateLimit,
  saidOf,
  taken,
  usedTokens,
  useRateClock,
} from '../testing/rate-house.ts';

useRateClock();

describe('several limits', () => {
  // litellm#39309: a call that was refused for its concurrency had used a request up.
  it('let a call through together, or none of them counts it', async () => {
    const book = memoryRateBook();
    const requests = rateLimit({ limit: 2 });
    const slots = rateLimit({ rate_limit_id: 'rtl_2', measure: 'concurrent_calls', limit: 1 });
    const call = rateCall([requests, slots]);
    const first = await taken(book, call);
    // litellm#4314: the refusal named the other limit.
    expect(saidOf(await admit(book, call))).toBe('exceeded concurrent_calls');
    first.leave();
    await pass(100);
    const second = await taken(book, call);
    second.leave();
    await pass(100);
    expect(saidOf(await admit(book, call))).toBe('exceeded requests');
  });

  it('of one team count its keys together, and each key alone', async () => {
    const book = memoryRateBook();
    const team = rateLimit({ rate_limit_id: 'team', scope: { type: 'team', id: 't' }, limit: 5 });
    const key = (id: string) => rateLimit({ rate_limit_id: id, limit: 3 });
    expect(await letThrough([book], rateCall([key('a'), team]), 9)).toBe(3);
    expect(await letThrough([book], rateCall([key('b'), team]), 9)).toBe(2);
  });

  // litellm#40095, litellm#34732: calls of end users that nobody had seen before passed.
  it('of end users give each the whole limit, from the first call on, and nobody none', async () => {
    const book = memoryRateBook();
    const scope = { type: 'end_user', of: 'key', id: 'key_1' } as const;
    const of = (user: string | null) => rateCall([rateLimit({ scope, limit: 2 })], 0, 0, user);
    expect(await letThrough([book], of('ada'), 5)).toBe(2);
    expect(await letThrough([book], of('bob'), 5)).toBe(2);
    expect(await letThrough([book], of(null), 5)).toBe(2);
    expect(await letThrough([book], of(null), 5)).toBe(0);
  });

  // litellm#24677, litellm#18953: requests and tokens shared the start of their window; a third of the
  // tokens was never available, and a refusal lasted for minutes.
  it('of requests and tokens each have the whole of their own window, minute after minute', async () => {
    const book = memoryRateBook();
    const tokens = rateLimit({ rate_limit_id: 't', measure: 'total_tokens', limit: 1_000 });
    const call = rateCall([rateLimit({ limit: 500 }), tokens], 50);
    const counts: number[] = [];
    for (let minute = 0; minute < 4; minute++) {
      counts.push(await letThrough([book], call, 60));
      await pass(60_000 - 100);
    }
    expect(counts).toEqual([20, 20, 20, 20]);
  });

  // bifrost PR#1154: where the window of one limit had ended, the call was not held to the others.
  it('of a second and a minute bind both, however many seconds have ended', async () => {
    const book = memoryRateBook();
    const second = rateLimit({ rate_limit_id: 's', per: 'second', limit: 4 });
    const call = rateCall([second, rateLimit({ limit: 10 })]);
    const counts: number[] = [];
    for (let i = 0; i < 5; i++) {
      counts.push(await letThrough([book], call, 9));
      await pass(900);
    }
    expect(counts).toEqual([4, 4, 2, 0, 0]);
  });

  it('get back what a call took of them once, however often it is given up', async () => {
    const book = memoryRateBook();
    const call = rateCall([rateLimit({ limit: 2 })]);
    const first = await taken(book, call);
    await taken(book, call);
    first.cancel();
    first.cancel();
    expect(await letThrough([book], call, 9)).toBe(1);
  });

  it('get nothing back of a call that was sent', async () => {
    const book = memoryRateBook();
    const call = rateCall([rateLimit({ limit: 1 })]);
    const first = await taken(book, call);
    first.settle(usedTokens(1, 1));
    first.leave();
    first.cancel();
    expect(await letThrough([book], call, 9)).toBe(0);
  });

  it('of concurrent calls give each end user slots of their own', async () => {
    const book = memoryRateBook();
    const scope = { type: 'end_user', of: 'customer', id: 'cus_1' } as const;
    const slots = rateLimit({ scope, measure: 'concurrent_calls', limit: 2 });
    const of = (user: string) => rateCall([slots], 0, 0, user);
    expect([
      await letThrough([book], of('ada'), 5),
      await letThrough([book], of('bob'), 5),
    ]).toEqual([2, 2]);
  });
});

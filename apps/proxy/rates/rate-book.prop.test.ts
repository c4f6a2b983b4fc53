/**
 * Never more than the limit in any window of the store's clock, whatever n proxies do at once: calls
 * that come and end in any order, answers that are late or lost, proxies that die, a store that
 * restarts. And all of it can be used.
 */
import { RateCounters } from '@tollgate/adapters/rates/rate-counters.ts';
import type { RateStore } from '@tollgate/adapters/rates/rates.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import { availableBy, rateWindow, windowLengthMs } from '@tollgate/domain/rate-limit/window.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { noQuantities, toEventQuantities } from '@tollgate/domain/usage/quantities.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { memoryRateBook, memoryRates, rateCall, rateLimit } from '../testing/rate-house.ts';
import type { RateBook } from './rate-book.ts';
import { RateTicket } from './rate-ticket.ts';

const START_MS = Date.UTC(2026, 5, 1, 12, 0, 58);
const PROXIES = 4;

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

type Step =
  | { kind: 'call'; proxy: number; input: number }
  | { kind: 'end'; which: number; used: number }
  | { kind: 'die'; proxy: number }
  | { kind: 'restart' }
  | { kind: 'pass'; ms: number };

const proxy = fc.nat(PROXIES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      proxy,
      input: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      which: fc.nat(),
      used: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), proxy }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1, 7, 60, 250, 990, 2_000, 20_000),
    }),
  },
);

const limitOf: fc.Arbitrary<RateLimit> = fc
  .record({
    measure: fc.constantFrom('requests' as const, 'input_tokens' as const),
    per: fc.constantFrom('second' as const, 'minute' as const),
    limit: fc.integer({ min: 1, max: 200 }),
    smoothing: fc.boolean(),
  })
  .map((fields) =>
    rateLimit({ ...fields, smoothing: fields.smoothing && fields.per === 'minute' }),
  );

type Running = { ticket: RateTicket; proxy: number; call: Counted };
type Counted = { startMs: number; amount: number };

/** Proxies over one store whose answers take a while, or never come. */
class World {
  readonly counted: Counted[] = [];
  readonly running: Running[] = [];
  readonly #limit: RateLimit;
  readonly #delays: () => number;
  #counters = new RateCounters(() => Date.now());
  #books: RateBook[];

  constructor(limit: RateLimit, delays: () => number) {
    this.#limit = limit;
    this.#delays = delays;
    this.#books = Array.from({ length: PROXIES }, () => this.#book());
  }

  #book(): RateBook {
    const on = (): RateStore => memoryRates(this.#counters);
    const late = async <T>(ask: (store: RateStore) => Promise<T>): Promise<T> => {
      const delay = this.#delays();
      await wait(delay);
      const answer = await ask(on());
      // What was done, and is never heard of.
      await wait(delay === 30 ? 3_600_000 : this.#delays());
      return answer;
    };
    const book = memoryRateBook({
      store: {
        take: (take) => late((store) => store.take(take)),
        correct: (correction) => late((store) => store.correct(correction)),
        claim: (claim) => late((store) => store.claim(claim)),
        close: async () => undefined,
      },
    });
    book.start();
    return book;
  }

  async run(one: Step): Promise<void> {
    if (one.kind === 'call') this.#call(one.proxy, one.input);
    else if (one.kind === 'end') this.#end(one.which, one.used);
    else if (one.kind === 'restart')
      this.#counters = new RateCounters(() => Date.now(), Date.now());
    else if (one.kind === 'die') this.#die(one.proxy);
    await vi.advanceTimersByTimeAsync(one.kind === 'pass' ? one.ms : 0);
  }

  #call(proxy: number, input: number): void {
    const book = this.#books[proxy] as RateBook;
    const take = (outcome: unknown) => {
      // A process that died meanwhile sends nothing.
      if (!(outcome instanceof RateTicket) || this.#books[proxy] !== book) return;
      const amount = this.#limit.measure === 'requests' ? 1 : input;
      const call = { startMs: Date.now(), amount };
      this.counted.push(call);
      this.running.push({ ticket: outcome, proxy, call });
    };
    const outcome = book.admit(rateCall([this.#limit], input));
    if (outcome instanceof Promise) void outcome.then(take);
    else take(outcome);
  }

  #end(which: number, part: number): void {
    const index = which % Math.max(1, this.running.length);
    const [ended] = this.running.splice(index, 1);
    if (ended === undefined) return;
    const { ticket, call } = ended;
    if (this.#limit.measure === 'input_tokens') call.amount = Math.round(call.amount * part);
    const quantities = { ...noQuantities(), inputTokens: call.amount, requests: 1 };
    ticket.settle({
      ...toEventQuantities(quantities),
      usage_source: 'provider',
    } as AttemptOutcome);
    ticket.leave();
  }

  #die(proxy: number): void {
    this.#books[proxy] = this.#book();
    for (const one of this.running.filter((each) => each.proxy === proxy)) {
      this.running.splice(this.running.indexOf(one), 1);
    }
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Of each window, and under smoothing of each second of it. */
function assertWithin(limit: RateLimit, counted: readonly Counted[]): void {
  const lengthMs = windowLengthMs(limit.per ?? 'minute');
  const sums = new Map<number, number>();
  for (const { startMs, amount } of counted.toSorted((a, b) => a.startMs - b.startMs)) {
    const window = rateWindow(lengthMs, startMs);
    const sum = (sums.get(window.startMs) ?? 0) + amount;
    sums.set(window.startMs, sum);
    expect(sum).toBeLessThanOrEqual(availableBy(limit.limit, limit.smoothing, window, startMs));
  }
}

it('never more than the limit in any aligned window', async () => {
  await fc.assert(
    fc.asyncProperty(
      limitOf,
      fc.array(step, { minLength: 20, maxLength: 120 }),
      fc.infiniteStream(fc.constantFrom(0, 0, 1, 3, 30, 400)),
      async (limit, steps, delays) => {
        vi.setSystemTime(START_MS);
        const world = new World(limit, () => delays.next().value as number);
        for (const one of steps) {
          await world.run(one);
          assertWithin(limit, world.counted);
        }
        vi.clearAllTimers();
      },
    ),
    { numRuns: 400 },
  );
}, 60_000);

it('nearly all of it is used where there are calls for it', async () => {
  const perProxy = fc.array(fc.integer({ min: 1, max: 6 }), {
    minLength: PROXIES,
    maxLength: PROXIES,
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 20, max: 400 }), perProxy, async (limit, weights) => {
      vi.setSystemTime(START_MS + 2_000);
      const store = memoryRates(undefined, () => wait(2));
      const books = weights.map(() => memoryRateBook({ store }));
      for (const book of books) book.start();
      let through = 0;
      const call = rateCall([rateLimit({ limit })]);
      for (let tick = 0; tick < 600; tick++) {
        for (const [index, weight] of weights.entries()) {
          for (let i = 0; i < weight; i++) {
            void Promise.resolve(books[index]?.admit(call)).then((outcome) => {
              if (outcome instanceof RateTicket) through++;
            });
          }
        }
        await vi.advanceTimersByTimeAsync(5);
      }
      await vi.advanceTimersByTimeAsync(600);
      expect(through).toBe(limit);
      vi.clearAllTimers();
    }),
    { numRuns: 10 },
  );
}, 60_000);

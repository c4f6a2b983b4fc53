/** Rate limits for tests, and books of rates over counters in memory. */
import { RateCounters } from '@tollgate/adapters/rates/rate-counters.ts';
import type { RateStore } from '@tollgate/adapters/rates/rates.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { noQuantities, toEventQuantities } from '@tollgate/domain/usage/quantities.ts';
import { afterEach, beforeEach, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { RateBook, type RateCall, type RateRefusal } from '../rates/rate-book.ts';
import { RateTicket } from '../rates/rate-ticket.ts';

/** Ten seconds into a minute. */
export const START_MS = Date.UTC(2026, 5, 1, 12, 0, 10);
export const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** Each test of the file begins at `START_MS`, and time passes only by `pass`. */
export function useRateClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: START_MS });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Ten requests a minute of a key, unless told otherwise. */
export function rateLimit(fields: Partial<RateLimit> = {}): RateLimit {
  return {
    rate_limit_id: 'rtl_1',
    scope: { type: 'key', id: 'key_1' },
    measure: 'requests',
    per: fields.measure === 'concurrent_calls' ? null : 'minute',
    limit: 10,
    smoothing: false,
    when_store_is_away: 'closed',
    archived: false,
    ...fields,
  };
}

/** @param between waited for before each question is answered; what it throws, the store fails with */
export function memoryRates(
  counters = new RateCounters(() => Date.now()),
  between: () => Promise<void> = async () => undefined,
): RateStore {
  const after = async <T>(answer: () => T): Promise<T> => {
    await between();
    return answer();
  };
  return {
    take: (take) => after(() => counters.take(take)),
    correct: (correction) => after(() => counters.correct(correction)),
    claim: (claim) => after(() => counters.claim(claim)),
    close: async () => undefined,
  };
}

let books = 0;

/** The book of one more proxy. */
export function memoryRateBook(
  options: {
    store?: RateStore;
    limits?: Partial<typeof proxyLimits>;
    onStore?: (error: Error | null) => void;
  } = {},
): RateBook {
  return new RateBook({
    store: options.store ?? memoryRates(),
    owner: `ins_${++books}`,
    limits: { ...proxyLimits, ...options.limits },
    onStore: options.onStore ?? (() => undefined),
  });
}

export function rateCall(
  limits: readonly RateLimit[],
  input = 0,
  output = 0,
  endUser: string | null = null,
): RateCall {
  return { limits, endUser, bound: { inputTokensMax: input, outputTokensMax: output } };
}

/** What became of a call: `taken`, or the kind and measure of the refusal. */
export function saidOf(outcome: RateTicket | RateRefusal): string {
  return outcome instanceof RateTicket ? 'taken' : `${outcome.kind} ${outcome.limit.measure}`;
}

/** Under a clock of the test: as soon as the store has answered. */
export async function admit(book: RateBook, call: RateCall): Promise<RateTicket | RateRefusal> {
  const outcome = book.admit(call);
  await vi.advanceTimersByTimeAsync(0);
  return outcome;
}

/** @throws Error if the call was let through */
export async function refused(book: RateBook, call: RateCall): Promise<RateRefusal> {
  const outcome = await admit(book, call);
  if (outcome instanceof RateTicket) throw new Error('taken');
  return outcome;
}

/** @throws Error with what became of the call, if it was refused */
export async function taken(book: RateBook, call: RateCall): Promise<RateTicket> {
  const outcome = await admit(book, call);
  if (outcome instanceof RateTicket) return outcome;
  throw new Error(saidOf(outcome));
}

/** @returns how many of so many calls at once were let through */
export async function letThrough(books: readonly RateBook[], call: RateCall, times: number) {
  const outcomes = Array.from({ length: times }, (_, i) => books[i % books.length]?.admit(call));
  await vi.advanceTimersByTimeAsync(100);
  const said = (await Promise.all(outcomes)).map((outcome) => outcome instanceof RateTicket);
  return said.filter(Boolean).length;
}

/** The end of an attempt that used so much. */
export function usedTokens(input: number, output: number, source = 'provider'): AttemptOutcome {
  const quantities = { ...noQuantities(), inputTokens: input, outputTokens: output, requests: 1 };
  return { ...toEventQuantities(quantities), usage_source: source } as AttemptOutcome;
}

/**
 * Ten thousand budgets under one load: what the first call of a budget waits while others are busy, next
 * to what it waits alone, and what calls wait that find their slice used up. The real book of budgets on
 * the embedded ledger and a journal; no HTTP, so that nothing else is measured.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { BudgetBook, HoldRequest } from '@tollgate/proxy/budget/budget-book.ts';
import { pathBudget } from '@tollgate/proxy/budget/path-budget.ts';
import { defineBudget } from '@tollgate/proxy/testing/budget-house.ts';
import { percentile } from '../harness/stats.ts';
import { openBenchBook } from './bench-book.ts';

const PICO = 10n ** 12n;
/** A call holds ten cents of a thousand dollars, and takes one. */
const LIMIT = 1_000n * PICO;
const HOLD = PICO / 10n;
const CHARGE = PICO / 100n;
/** First calls that are measured alone. */
const ALONE = 500;
/** How long a call takes behind its hold, ms. */
const CALL_MS = 20;
/** Definitions that become durable together. */
const DEFINED_AT_ONCE = 64;
/** Of the load generator itself; the same at each run. */
const SEED = 0x2545f491;

export type CrowdOptions = { budgets: number; callsPerSecond: number; seconds: number };
export type Crowd = {
  aloneMs: number[];
  coldMs: number[];
  /** Of calls that found their slice used up. */
  waitMs: number[];
  calls: number;
  appends: number;
};

export async function measureCrowd(options: CrowdOptions): Promise<Crowd> {
  const { book, ledger, appends, close } = await openBenchBook();
  try {
    const define = (from: number, count: number) => defineAll(ledger, from, count);
    const aloneMs: number[] = [];
    for (const request of await define(0, ALONE)) aloneMs.push(await holdMs(book, request));
    const requests = await define(ALONE, options.budgets);
    const before = appends();
    const crowd = await load(book, requests, options);
    await book.stop();
    return { ...crowd, aloneMs, appends: appends() - before };
  } finally {
    await close();
  }
}

export function crowdSummary({ aloneMs, coldMs, waitMs, calls, appends }: Crowd) {
  return {
    cold_alone_p50_ms: percentile(aloneMs, 50),
    cold_alone_p99_ms: percentile(aloneMs, 99),
    cold_crowd_p50_ms: percentile(coldMs, 50),
    cold_crowd_p99_ms: percentile(coldMs, 99),
    cold_p99_ratio: percentile(coldMs, 99) / percentile(aloneMs, 99),
    lease_wait_p99_ms: percentile([...coldMs, ...waitMs], 99),
    zipf_appends_per_1000_calls: (appends / calls) * 1_000,
  };
}

async function defineAll(ledger: Ledger, from: number, count: number): Promise<HoldRequest[]> {
  const requests: HoldRequest[] = [];
  while (requests.length < count) {
    const first = from + requests.length;
    const ids = Array.from(
      { length: Math.min(DEFINED_AT_ONCE, count - requests.length) },
      (_, index) => `bud_${String(first + index).padStart(26, '0')}`,
    );
    const defined = ids.map((id) => defineBudget(ledger, id, { limit: LIMIT, window: 'month' }));
    for (const definition of await Promise.all(defined)) {
      requests.push({ ...pathBudget(definition, 0), amount: HOLD, endUser: null });
    }
  }
  return requests;
}

/** An open load: a call that waits does not keep the next one from coming. */
async function load(
  book: BudgetBook,
  requests: readonly HoldRequest[],
  { callsPerSecond, seconds }: CrowdOptions,
): Promise<Pick<Crowd, 'coldMs' | 'waitMs' | 'calls'>> {
  const pick = zipf(requests.length);
  const seen = new Set<number>();
  const [coldMs, waitMs]: [number[], number[]] = [[], []];
  const running = new Set<Promise<void>>();
  const startMs = performance.now();
  const total = callsPerSecond * seconds;
  let calls = 0;
  while (calls < total) {
    const due = Math.min(
      total,
      Math.floor(((performance.now() - startMs) / 1_000) * callsPerSecond),
    );
    for (; calls < due; calls++) {
      const index = pick();
      const isCold = !seen.has(index);
      seen.add(index);
      const call = holdMs(book, requests[index] as HoldRequest).then((ms) => {
        if (isCold) coldMs.push(ms);
        else if (ms > WAIT_MS_MIN) waitMs.push(ms);
      });
      running.add(call);
      void call.finally(() => running.delete(call));
    }
    await pause(1);
  }
  await Promise.all(running);
  await pause(2 * CALL_MS);
  return { coldMs, waitMs, calls };
}

/** What a hold takes that waits for nothing is below it. */
const WAIT_MS_MIN = 0.2;

/** @returns ms of the hold */
async function holdMs(book: BudgetBook, request: HoldRequest): Promise<number> {
  const startMs = performance.now();
  const outcome = await book.hold([request], Date.now());
  const tookMs = performance.now() - startMs;
  if (outcome.kind !== 'held') throw new Error(outcome.kind);
  setTimeout(() => {
    for (const { account, parts } of outcome.holds) {
      account.release(parts, [CHARGE, ...parts.slice(1).map(() => 0n)]);
    }
  }, CALL_MS);
  return tookMs;
}

/** Ranks by Zipf's law: the nth budget has 1/n of the calls of the first. */
function zipf(count: number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) {
    sum += 1 / rank;
    sums[rank - 1] = sum;
  }
  let state = SEED;
  return () => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const at = ((state >>> 0) / 2 ** 32) * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

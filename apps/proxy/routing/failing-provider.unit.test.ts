/**
 * A provider that fails some, half or all of its calls and recovers, behind a route of two: who is served,
 * how soon it is left alone and comes back, and what that costs in attempts. Time and chance are the test's.
 */
import type { FailureClass } from '@tollgate/domain/routing/route.ts';
import { DEFAULT_FALLBACK_ON } from '@tollgate/schemas/routes/route-terms.ts';
import { expect, it } from 'vitest';
import { proxyLimits } from '../limits.ts';
import type { Deployment } from './deployments.ts';
import { Itinerary } from './itinerary.ts';
import { RouteHealth } from './route-health.ts';

const CALLS_PER_SECOND = 20;
const STEP_MS = 1_000 / CALLS_PER_SECOND;
/** It fails from here to there. */
const [FAILS_AT_MS, HEALS_AT_MS, ENDS_AT_MS] = [10_000, 130_000, 260_000];

const terms = { fallback_on: [...DEFAULT_FALLBACK_ON], retries: 0, timeout_ms: null };
const deployment = (name: string) => ({ provider: { name }, model: 'm' }) as Deployment;

function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param rate of the calls of the first provider that fail meanwhile */
function run(rate: number) {
  const health = new RouteHealth(proxyLimits);
  const both = ['first', 'second'].map(deployment);
  const random = draws(7);
  const counted = { calls: 0, served: 0, attempts: 0, failedTries: 0, duringFirst: 0, during: 0 };
  let [shedMs, backMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let nowMs = 0; nowMs < ENDS_AT_MS; nowMs += STEP_MS) {
    const isIll = nowMs >= FAILS_AT_MS && nowMs < HEALS_AT_MS;
    const stops = both
      .map((one) => ({ deployment: one, health: health.of(one) }))
      .filter(({ health: { breaker } }) => !breaker.isOpen(nowMs));
    const itinerary = new Itinerary(stops, terms, proxyLimits, nowMs, random);
    counted.calls++;
    if (isIll) counted.during++;
    let at: Deployment | undefined = itinerary.first;
    if (at === both[1] && isIll) shedMs = Math.min(shedMs, nowMs - FAILS_AT_MS);
    if (at === both[0] && nowMs >= HEALS_AT_MS) backMs = Math.min(backMs, nowMs - HEALS_AT_MS);
    while (at !== undefined) {
      counted.attempts++;
      if (at === both[0] && isIll) counted.duringFirst++;
      const fails: boolean = at === both[0] && isIll && random() < rate;
      itinerary.sent(nowMs);
      const failure: FailureClass | null = fails ? 'server_error' : null;
      itinerary.ended({ failure, retryAfterMs: null, tookMs: 100 }, nowMs);
      if (failure === null) {
        counted.served++;
        break;
      }
      counted.failedTries++;
      at = itinerary.next(failure, nowMs)?.deployment;
    }
  }
  return { ...counted, shedMs, backMs };
}

it('nobody is refused, whatever share of its calls fails, and each failure costs one attempt', () => {
  for (const rate of [0, 0.1, 0.5, 1]) {
    const { calls, served, attempts, failedTries } = run(rate);
    expect([rate, served, attempts - failedTries]).toEqual([rate, calls, calls]);
  }
});

it('one that fails all is left alone after five calls, and costs a call in a minute while it does', () => {
  const { shedMs, duringFirst, failedTries } = run(1);
  expect(shedMs).toBe(proxyLimits.breakerFailures * STEP_MS);
  // Five, and then one after 5, 10, 20 and 40 s, and each minute.
  expect(duringFirst).toBeLessThanOrEqual(proxyLimits.breakerFailures + 6);
  expect(failedTries).toBe(duringFirst);
});

it('it is back within its longest cool-down once it serves again', () => {
  expect(run(1).backMs).toBeLessThanOrEqual(proxyLimits.coolDownMsMax);
});

it('one that fails half is left alone for most of the time, one that fails a tenth for hardly any', () => {
  const [half, tenth] = [run(0.5), run(0.1)];
  expect(half.duringFirst / half.during).toBeLessThan(0.7);
  expect(tenth.duringFirst / tenth.during).toBeGreaterThan(0.95);
});

/** What the attempts of one call say of their deployments. Time is the test's. */
import type { FailureClass } from '@tollgate/domain/routing/route.ts';
import { DEFAULT_FALLBACK_ON } from '@tollgate/schemas/routes/route-terms.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { proxyLimits } from '../limits.ts';
import type { Deployment } from './deployments.ts';
import { Itinerary } from './itinerary.ts';
import { RouteHealth } from './route-health.ts';

const limits = { ...proxyLimits, breakerFailures: 1 };
const terms = { fallback_on: [...DEFAULT_FALLBACK_ON], retries: 2, timeout_ms: null };
const all = ['a', 'b', 'c'].map((name) => ({ provider: { name }, model: 'm' }) as Deployment);

let health: RouteHealth;
beforeEach(() => {
  health = new RouteHealth(limits);
});

/** One call whose attempts end so. @returns who is left alone after it */
function call(ends: (FailureClass | null)[], candidates = all): (string | undefined)[] {
  const stops = candidates.map((deployment) => ({ deployment, health: health.of(deployment) }));
  const itinerary = new Itinerary(stops, terms, limits, 0, () => 0);
  for (const failure of ends) {
    itinerary.sent(0);
    itinerary.ended({ failure, retryAfterMs: null, tookMs: 5 }, 0);
    if (failure !== null) itinerary.next(failure, 0);
  }
  return all
    .filter((one) => health.of(one).breaker.isOpen(1))
    .map(({ provider: { name } }) => name);
}

describe('a request that fails at several deployments', () => {
  // samosa-ai-com/opencode-go-multi-auth#6: one request that no server could serve opened every breaker.
  it.each<[string, (FailureClass | null)[], string[]]>([
    ['blames the one that failed, if another serves it', ['server_error', null], ['a']],
    ['blames nobody if it fails everywhere', ['server_error', 'server_error', 'broken'], []],
    ['blames all that failed, if one serves it', ['server_error', 'broken', null], ['a', 'b']],
    ['blames those that it cannot be to blame for', ['unauthorized', 'server_error'], ['a', 'b']],
  ])('%s', (_, ends, open) => {
    expect(call(ends)).toEqual(open);
  });

  it('blames one that fails at it twice, where there is no other', () => {
    expect(call(['server_error', 'server_error'], all.slice(0, 1))).toEqual(['a']);
  });

  it('leaves the blame of earlier calls as it was', () => {
    call(['server_error', null]);
    const until = health.of(all[0] as Deployment).breaker.openUntilMs;
    expect(call(['server_error', 'server_error', 'server_error'])).toEqual(['a']);
    expect(health.of(all[0] as Deployment).breaker.openUntilMs).toBe(until);
  });
});

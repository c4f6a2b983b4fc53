import { describe, expect, it } from 'vitest';
import {
  decideArchiveRoute,
  decidePublishRoute,
  evolveRoute,
  type PublishedRoute,
  versionAt,
} from './published-route.ts';
import type { RouteTerms } from './route.ts';
import type { RouteEvent } from './route-events.ts';

const terms = (retries: number): RouteTerms => ({
  ...{ strategy: 'fixed', candidates: [], rules: [], supports: null, regions: null },
  ...{ max_price: null, complexity: null, fallback_on: [], retries, timeout_ms: null },
});
const DAY = 86_400_000;

/** Publishes, by the day now and the day it takes effect. */
function published(...publications: [nowDay: number, fromDay: number][]): PublishedRoute {
  let state: PublishedRoute | undefined;
  for (const [index, [now, from]] of publications.entries()) {
    const command = { route: 'r', terms: terms(index + 1), effectiveFromMs: from * DAY };
    const event = decidePublishRoute(state, { ...command, nowMs: now * DAY });
    state = evolveRoute(state, event as RouteEvent);
  }
  return state as PublishedRoute;
}
const at = (state: PublishedRoute, day: number) => versionAt(state, day * DAY)?.version;

describe('the versions of a route', () => {
  it('take effect at their dates, and each until the next', () => {
    const state = published([1, 1], [2, 9], [3, 5]);
    expect([0, 1, 4, 5, 8, 9].map((day) => at(state, day))).toEqual([undefined, 1, 1, 3, 3, 2]);
  });

  it('a date in the past is now, so that no call of yesterday had another route', () => {
    const state = published([1, 1], [5, 2]);
    expect([2, 4, 5].map((day) => at(state, day))).toEqual([undefined, undefined, 2]);
    expect(state.dated).toHaveLength(1);
  });

  it('of two with one date, the one that was published later counts', () => {
    expect(at(published([1, 1], [1, 1]), 1)).toBe(2);
    expect(at(published([1, 1], [1, 5], [2, 5]), 5)).toBe(3);
  });

  it('are numbered on behind those that were replaced or archived', () => {
    const state = evolveRoute(published([1, 1], [2, 2], [3, 9]), {
      type: 'RouteArchived',
      data: { route: 'r' },
    });
    expect([at(state, 2), at(state, 9), decideArchiveRoute(state)]).toEqual([
      ...[undefined, undefined, { refused: 'route_archived' }],
    ]);
    const command = { route: 'r', terms: terms(0), effectiveFromMs: 0, nowMs: 10 * DAY };
    const event = decidePublishRoute(state, command);
    expect(at(evolveRoute(state, event as RouteEvent), 10)).toBe(4);
    expect(decideArchiveRoute(undefined)).toEqual({ refused: 'route_not_found' });
  });

  it('are bounded in what is to come', () => {
    const days = Array.from({ length: 52 }, (_, index): [number, number] => [1, index + 2]);
    const state = published(...days);
    const command = { route: 'r', terms: terms(0), effectiveFromMs: 0 };
    expect(decidePublishRoute(state, { ...command, nowMs: DAY })).toEqual({
      refused: 'route_versions_full',
    });
    expect(decidePublishRoute(state, { ...command, nowMs: 2 * DAY })).toMatchObject({
      type: 'RoutePublished',
    });
  });
});

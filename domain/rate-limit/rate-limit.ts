/** Life of a rate limit: the fold of `rate_limit-<id>` and what may happen to it. */
import type {
  RateLimitArchived,
  RateLimitChanged,
  RateLimitDefined,
  RateLimitEvent,
  RateLimitTerms,
} from './rate-limit-events.ts';

export type RateLimit = RateLimitDefined['data'] & { archived: boolean };

/** @param state undefined before the first event */
export function evolveRateLimit(state: RateLimit | undefined, event: RateLimitEvent): RateLimit {
  if (event.type === 'RateLimitDefined') return { ...event.data, archived: false };
  if (state === undefined) throw new Error(`${event.type} before RateLimitDefined`);
  switch (event.type) {
    case 'RateLimitChanged':
      return { ...state, ...event.data };
    case 'RateLimitArchived':
      return { ...state, archived: true };
    default:
      return event satisfies never;
  }
}

export type RateLimitRefusal = {
  refused: 'rate_limit_not_found' | 'rate_limit_archived' | 'rate_limit_not_smoothable';
};

/** @param change what is left out stays; null: it changes nothing */
export function decideChangeRateLimit(
  state: RateLimit | undefined,
  change: { [T in keyof RateLimitTerms]?: RateLimitTerms[T] | undefined },
): RateLimitChanged | null | RateLimitRefusal {
  const live = liveOf(state);
  if ('refused' in live) return live;
  const terms: RateLimitTerms = {
    limit: change.limit ?? live.limit,
    smoothing: change.smoothing ?? live.smoothing,
    when_store_is_away: change.when_store_is_away ?? live.when_store_is_away,
  };
  if (terms.smoothing && live.per !== 'minute') return { refused: 'rate_limit_not_smoothable' };
  const changes =
    terms.limit !== live.limit ||
    terms.smoothing !== live.smoothing ||
    terms.when_store_is_away !== live.when_store_is_away;
  if (!changes) return null;
  return { type: 'RateLimitChanged', data: { rate_limit_id: live.rate_limit_id, ...terms } };
}

export function decideArchiveRateLimit(
  state: RateLimit | undefined,
): RateLimitArchived | RateLimitRefusal {
  const live = liveOf(state);
  if ('refused' in live) return live;
  return { type: 'RateLimitArchived', data: { rate_limit_id: live.rate_limit_id } };
}

function liveOf(state: RateLimit | undefined): RateLimit | RateLimitRefusal {
  if (state === undefined) return { refused: 'rate_limit_not_found' };
  return state.archived ? { refused: 'rate_limit_archived' } : state;
}

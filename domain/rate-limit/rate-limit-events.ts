/** Stream `rate_limit-<id>`: how much of a measure a scope may use in each second or minute. */

import { streamCategory } from '../stream/stream-category.ts';

export const rateLimitStreams = streamCategory('rate_limit');

export type RateLimitScope =
  | { type: 'key'; id: string }
  | { type: 'team'; id: string }
  | { type: 'customer'; id: string }
  /** Each end user of the key or the customer has the whole limit. Calls without one share one. */
  | { type: 'end_user'; of: 'key' | 'customer'; id: string }
  /** The calls of a key for the models that a pattern names, all together. */
  | { type: 'key_model'; id: string; model: string };

export type RateMeasure =
  | 'requests'
  | 'input_tokens'
  | 'output_tokens'
  | 'total_tokens'
  | 'concurrent_calls';

/** Null: of concurrent calls, which are counted at every moment. */
export type RatePeriod = 'second' | 'minute' | null;

/** What becomes of calls whose limit cannot be checked. */
export type StoreAwayPolicy = 'open' | 'closed';

/** What may be changed of a limit. */
export type RateLimitTerms = {
  limit: number;
  /** A minute's limit grows over its seconds. */
  smoothing: boolean;
  when_store_is_away: StoreAwayPolicy;
};

export type RateLimitDefined = {
  type: 'RateLimitDefined';
  data: {
    rate_limit_id: string;
    scope: RateLimitScope;
    measure: RateMeasure;
    per: RatePeriod;
  } & RateLimitTerms;
};

export type RateLimitChanged = {
  type: 'RateLimitChanged';
  data: { rate_limit_id: string } & RateLimitTerms;
};

export type RateLimitArchived = { type: 'RateLimitArchived'; data: { rate_limit_id: string } };

export type RateLimitEvent = RateLimitDefined | RateLimitChanged | RateLimitArchived;

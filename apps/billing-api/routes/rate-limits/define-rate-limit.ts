/** Puts the definition of a rate limit into the ledger: the same append for repetitions of a request. */
import { rateLimitEvents } from '@tollgate/adapters/ledger/categories.ts';
import { evolveRateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import type {
  RateLimitDefined,
  RateMeasure,
  RatePeriod,
} from '@tollgate/domain/rate-limit/rate-limit-events.ts';
import type { ApiContext } from '../../context.ts';
import { carryOut } from '../../http/carry-out.ts';

/** What is counted per minute where a request says nothing. */
export function periodOf({
  measure,
  per = 'minute',
}: {
  measure: RateMeasure;
  per?: 'second' | 'minute' | undefined;
}): RatePeriod {
  return measure === 'concurrent_calls' ? null : per;
}

export function defineRateLimit(
  context: ApiContext,
  data: RateLimitDefined['data'],
  commandId: string,
) {
  return carryOut(context, {
    category: rateLimitEvents,
    id: data.rate_limit_id,
    commandId,
    evolve: evolveRateLimit,
    decide: () => ({ type: 'RateLimitDefined', data }),
  });
}

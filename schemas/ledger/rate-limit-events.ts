/** The payloads of streams `rate_limit-<id>` (see ledger-events.ts). */
import type { RateLimitEvent } from '@tollgate/domain/rate-limit/rate-limit-events.ts';
import { z } from 'zod';
import { objectId as id, shortName } from '../names/names.ts';

const scope = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('key'), id }),
  z.strictObject({ type: z.literal('team'), id }),
  z.strictObject({ type: z.literal('customer'), id }),
  z.strictObject({ type: z.literal('end_user'), of: z.enum(['key', 'customer']), id }),
  z.strictObject({ type: z.literal('key_model'), id, model: shortName }),
]);
const terms = {
  limit: z.int().min(1),
  smoothing: z.boolean(),
  when_store_is_away: z.enum(['open', 'closed']),
};

export const rateLimitPayloads = {
  RateLimitDefined: z.strictObject({
    rate_limit_id: id,
    scope,
    measure: z.enum([
      'requests',
      'input_tokens',
      'output_tokens',
      'total_tokens',
      'concurrent_calls',
    ]),
    per: z.enum(['second', 'minute']).nullable(),
    ...terms,
  }),
  RateLimitChanged: z.strictObject({ rate_limit_id: id, ...terms }),
  RateLimitArchived: z.strictObject({ rate_limit_id: id }),
} satisfies {
  [T in RateLimitEvent['type']]: z.ZodType<Extract<RateLimitEvent, { type: T }>['data']>;
};

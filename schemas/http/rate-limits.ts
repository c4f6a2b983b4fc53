/** Bodies of /v1/rate_limits. */
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { objectId as id } from '../names/names.ts';
import { listQuery } from './list.ts';
import { modelPattern } from './model-lists.ts';

const scope = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('key'), id }),
  z.strictObject({ type: z.literal('team'), id }),
  z.strictObject({ type: z.literal('customer'), id }),
  /** Each end user of the key or customer has the whole limit; calls without one share one. */
  z.strictObject({ type: z.literal('end_user'), of: z.enum(['key', 'customer']), id }),
  /** The key's calls for the models that the pattern names, together; `*` is any characters. */
  z.strictObject({ type: z.literal('key_model'), id, model: modelPattern }),
]);
const measure = z.enum([
  'requests',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'concurrent_calls',
]);
/** What a trillion tokens a minute would need is more than any provider sells. */
const limit = z.int().min(1).max(1_000_000_000_000);
const policy = z.enum(['open', 'closed']);
const period = z.enum(['second', 'minute']);

/** What is said of a limit, of any scope. */
export const rateTerms = {
  measure,
  /** Windows of UTC. Left out: `minute`, and null for `concurrent_calls`. */
  per: period.optional(),
  limit,
  /** A minute's limit becomes available second by second, in equal steps. */
  smoothing: z.boolean().default(false),
  /** What becomes of calls while the store of the rates does not answer. */
  when_store_is_away: policy.default('closed'),
};
type RateTerms = z.output<z.ZodObject<typeof rateTerms>>;

/** What would be accepted and never do what it says. */
export function refuseOddRates(
  { measure, per, smoothing }: RateTerms,
  context: z.RefinementCtx<RateTerms>,
): void {
  const refuse = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (measure === 'concurrent_calls' && per !== undefined) {
    refuse('per', 'concurrent calls are counted at every moment: leave it out');
  }
  if (smoothing && (per === 'second' || measure === 'concurrent_calls')) {
    refuse('smoothing', 'only what is limited per minute can be spread over seconds');
  }
}

export const rateLimitRequest = z.strictObject({ scope, ...rateTerms }).superRefine(refuseOddRates);

/** A minute's limit can be spread over its seconds; nothing else can. */
export const rateLimitChange = z
  .strictObject({
    limit: limit.optional(),
    smoothing: z.boolean().optional(),
    when_store_is_away: policy.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'states no change');

const status = z.enum(['active', 'archived']);

export const rateLimitView = z.strictObject({
  object: z.literal('rate_limit'),
  id,
  scope,
  measure,
  per: period.nullable(),
  limit,
  smoothing: z.boolean(),
  when_store_is_away: policy,
  archived: z.boolean(),
  status,
  created_at: timestamp,
});
export const rateLimitParams = z.strictObject({ rate_limit_id: id });
export const listRateLimitsQuery = listQuery.extend({
  scope_type: z.enum(['key', 'team', 'customer', 'end_user', 'key_model']).optional(),
  scope_id: id.optional(),
  customer_id: id.optional().meta({
    description:
      'Limits of this customer (our id, or its `external_id`), its teams, its keys and their end users.',
  }),
  status: status.optional(),
});

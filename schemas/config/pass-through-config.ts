/** Other endpoints of a provider that calls may pass to: what they use, and the most of it. */
import { z } from 'zod';
import { shortName } from '../names/names.ts';

/** What an answer may state, by the buckets of usage. */
export const pointedBuckets = [
  ...([
    'input_tokens',
    'cache_read_tokens',
    'cache_write_tokens',
    'cache_write_1h_tokens',
  ] as const),
  ...(['output_tokens', 'reasoning_tokens', 'audio_input_tokens', 'audio_output_tokens'] as const),
  ...(['image_input_tokens', 'image_output_tokens', 'images', 'searches'] as const),
  ...(['audio_seconds', 'characters'] as const),
] as const;
export type PointedBucket = (typeof pointedBuckets)[number];

/** What a hold is made of; tokens of every kind are in the two that there are of them. */
export const boundedUses = [
  ...(['input_tokens', 'output_tokens', 'images', 'searches'] as const),
  ...(['audio_seconds', 'characters'] as const),
] as const;
export type BoundedUse = (typeof boundedUses)[number];

const READ: ReadonlySet<string> = new Set([
  ...['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens'],
  ...['audio_input_tokens', 'image_input_tokens'],
]);

/** The bound that a bucket is within. */
export function boundOf(bucket: PointedBucket): BoundedUse {
  if (READ.has(bucket)) return 'input_tokens';
  return bucket.endsWith('_tokens') ? 'output_tokens' : (bucket as BoundedUse);
}

/** No query, no escapes, no dots alone: what is asked for is what is sent, and nothing else. */
const path = z
  .string()
  .max(200)
  .regex(/^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/, 'a path below base_url, such as /v2/rerank');

const pointer = z
  .string()
  .max(200)
  .regex(/^(\/[^/]+)+$/, 'a JSON pointer into the answer, such as /meta/billed_units/search_units');

const most = z.int().min(0).max(1_000_000_000);

const optional = <Name extends string, Type extends z.ZodType>(
  names: readonly Name[],
  type: Type,
) =>
  Object.fromEntries(names.map((name) => [name, type.optional()])) as {
    [Key in Name]: z.ZodOptional<Type>;
  };

const rule = z
  .strictObject({
    path,
    /** What it is priced, limited and recorded as; default: the request's own `model`. */
    model: shortName.optional(),
    /** Where an answer states what was used, each figure in one place. Default: each call is one request. */
    usage: z.strictObject(optional(pointedBuckets, pointer)).optional(),
    /** The most that one call can use of it, which hard budgets hold. */
    at_most: z.strictObject(optional(boundedUses, most)).default({}),
  })
  .superRefine(({ usage = {}, at_most }, context) => {
    for (const bucket of Object.keys(usage) as PointedBucket[]) {
      const bound = boundOf(bucket);
      if (at_most[bound] !== undefined) continue;
      const message = `states no \`${bound}\`, although \`usage\` has ${bucket}: a hard budget could hold nothing for it`;
      context.addIssue({ code: 'custom', path: ['at_most'], message });
    }
  });

const RULES_MAX = 64;

export const passThrough = z
  .array(rule)
  .max(RULES_MAX)
  .refine(
    (rules) => new Set(rules.map((one) => one.path)).size === rules.length,
    'has a path twice',
  )
  .default([]);

export type PassThroughRule = z.infer<typeof rule>;

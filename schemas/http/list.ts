/** Stripe-style lists: newest first, `starting_after` the last id of the page before. */
import { z } from 'zod';

const PAGE_ITEMS_MAX = 100;

/** The query of every list; extend it with filters. */
export const listQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_ITEMS_MAX)
    .default(20)
    .meta({ description: 'Items per page.' }),
  starting_after: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: 'Id of the last item of the page before.' }),
});

export function listOf<T extends z.ZodType>(item: T) {
  return z.strictObject({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean(),
  });
}

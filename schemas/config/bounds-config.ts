/** Bounds that the operator gives where a request has none (docs/operations.md). */
import { z } from 'zod';

const tokens = z.int().min(1).max(100_000_000).optional();
const USD = "a decimal number in quotes, such as '0.01', at most 12 places";

export const bounds = z.strictObject({
  /** Each picture of a request, in it or at an address. */
  tokens_per_image: tokens,
  /** Each recording. */
  tokens_per_audio: tokens,
  /** Each recording, of models that are billed by its length. */
  seconds_per_audio: z.int().min(1).max(1_000_000).optional(),
  tokens_per_video: tokens,
  /** Each document. */
  tokens_per_file: tokens,
  /** Of all that a call takes from what its provider has stored: a conversation, a cached content. */
  tokens_per_stored_conversation: tokens,
  /** Searches of the web that a provider makes for a call, at most, and what each costs and adds. */
  searches: z
    .strictObject({
      per_call: z.int().min(1).max(1_000),
      usd_each: z.string(USD).regex(/^\d{1,6}(\.\d{1,12})?$/, USD),
      tokens_each: z.int().min(0).max(10_000_000),
    })
    .optional(),
});

export type BoundsConfig = z.infer<typeof bounds>;

/** The payload of `PriceVersionPublished`: one provider's price list. */
import type {
  ModelMatch,
  ModelPrice,
  PriceVersionPublished,
} from '@tollgate/domain/pricing/price.ts';
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { shortName } from '../names/names.ts';

const tieredPrice = z
  .array(
    z.strictObject({
      from_input_tokens: z.int().min(0),
      pico_usd_per_million: z.string().regex(/^(0|[1-9]\d{0,24})$/),
    }),
  )
  .min(1)
  .max(16);

const modelPrice = z.strictObject({
  input: tieredPrice.exactOptional(),
  cache_read: tieredPrice.exactOptional(),
  cache_write: tieredPrice.exactOptional(),
  cache_write_1h: tieredPrice.exactOptional(),
  output: tieredPrice.exactOptional(),
  reasoning: tieredPrice.exactOptional(),
  audio_input: tieredPrice.exactOptional(),
  audio_output: tieredPrice.exactOptional(),
  image_input: tieredPrice.exactOptional(),
  image_output: tieredPrice.exactOptional(),
  image: tieredPrice.exactOptional(),
  request: tieredPrice.exactOptional(),
  search: tieredPrice.exactOptional(),
  audio_second: tieredPrice.exactOptional(),
  character: tieredPrice.exactOptional(),
}) satisfies z.ZodType<ModelPrice>;

const modelMatch: z.ZodType<ModelMatch> = z.lazy(() =>
  z.union([
    z.strictObject({ equals: shortName }),
    z.strictObject({ starts_with: shortName }),
    z.strictObject({ ends_with: shortName }),
    z.strictObject({ contains: shortName }),
    z.strictObject({ regex: shortName }),
    z.strictObject({ or: z.array(modelMatch).min(1) }),
    z.strictObject({ and: z.array(modelMatch).min(1) }),
  ]),
);

const dailyTime = z.string().regex(/^\d\d:\d\d:\d\d$/);

export const priceVersion = z.strictObject({
  version: z.string().min(1).max(128),
  source: z.enum(['price_book', 'config', 'catalogue']),
  provider: shortName,
  effective_from: timestamp.nullable(),
  models: z.array(
    z.strictObject({
      model: shortName,
      match: modelMatch,
      context_window: z.int().min(1).nullable(),
      max_output_tokens: z.int().min(1).nullable(),
      prices: z.array(
        z.strictObject({
          from: timestamp.nullable(),
          daily: z.strictObject({ start: dailyTime, end: dailyTime }).nullable(),
          price: modelPrice,
          service_tiers: z.record(shortName, modelPrice).exactOptional(),
        }),
      ),
    }),
  ),
}) satisfies z.ZodType<PriceVersionPublished['data']>;

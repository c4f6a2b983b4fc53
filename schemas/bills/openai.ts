/**
 * OpenAI's usage and costs of an organization: `GET /v1/organization/usage/completions` and
 * `/v1/organization/costs`, whose buckets and results are flattened to one record, and the CSV that the
 * dashboard exports, which has the same members as columns. Platform reference: Usage, Costs.
 */
import { z } from 'zod';
import { countOrNone, currencyName, decimalOrNone, textOrNone, unixSeconds } from './fields.ts';

const bucket = { start_time: unixSeconds, end_time: unixSeconds };
const identity = { project_id: textOrNone, api_key_id: textOrNone };

export const openaiUsage = z.object({
  ...bucket,
  ...identity,
  model: textOrNone,
  batch: textOrNone,
  service_tier: textOrNone,
  /** With those that were read from the cache and written to it. */
  input_tokens: countOrNone,
  input_cached_tokens: countOrNone,
  input_cache_write_tokens: countOrNone,
  /** Only newer exports have it; there `input_tokens` includes audio. */
  input_text_tokens: textOrNone,
  input_audio_tokens: countOrNone,
  output_tokens: countOrNone,
  output_text_tokens: textOrNone,
  output_audio_tokens: countOrNone,
  num_model_requests: countOrNone,
});

export const openaiCosts = z.object({
  ...bucket,
  ...identity,
  /** Absent from a bucket without costs. */
  amount_value: decimalOrNone,
  amount_currency: currencyName.or(z.literal('')).optional(),
  line_item: textOrNone,
});

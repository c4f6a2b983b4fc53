/**
 * The only definition of the usage event's shape on the wire (ADR 0001, schema version 1). The
 * projector parses every log record with it; what does not parse is a dead letter.
 */
import {
  type FirstQuantityName,
  perQuantity,
  type QuantityName,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { z } from 'zod';
import { shortText } from '../names/names.ts';
import { tagsOf } from './tags.ts';

/** Decimal(38,12) as text with exactly 12 places; a resolution's delta may be negative. */
export const decimal12 = z.string().regex(/^-?(0|[1-9]\d{0,25})\.\d{12}$/);

/** RFC 3339 UTC with milliseconds. */
export const timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** Of any quantity in one event: nine million such events still add up exactly (2^53). */
export const QUANTITY_MAX = 1_000_000_000;
/** Of all buckets of tokens together. */
const SAVED_TOKENS_MAX = 12 * QUANTITY_MAX;
/** A resolution's may be negative. */
const quantity = z.int().min(-QUANTITY_MAX).max(QUANTITY_MAX).nullable();
const buckets = perQuantity(({ addedLater }) => (addedLater ? quantity.optional() : quantity)) as {
  [Name in FirstQuantityName]: typeof quantity;
} & { [Name in Exclude<QuantityName, FirstQuantityName>]: z.ZodOptional<typeof quantity> };

/** Leases that one call's holds are taken from, over all budgets of its key. */
const HOLD_PARTS_MAX = 1024;

/** What is said of a limit that refused a call; ten are known. */
const REFUSAL_FACTS_MAX = 32;

const text = z.string().max(1024);

export const usageStatus = z.enum([
  'ok',
  'upstream_error',
  'client_closed',
  'timeout',
  'refused',
  'unknown',
]);

export const usageEvent = z.strictObject({
  id: shortText.min(1),
  type: z.enum(['attempt', 'cache_hit', 'refusal', 'external', 'history', 'resolution']),
  schema_version: z.literal(1),
  call_id: z.uuid().nullable(),
  attempt: z.int().min(0).max(255),
  source: text.min(1),
  resolves_id: z.uuid().nullable(),
  provider_request_id: shortText.nullable(),

  customer_id: shortText.min(1),
  team_id: shortText.nullable(),
  key_id: shortText.nullable(),
  environment: shortText.nullable(),
  end_user: text.nullable(),
  tags: tagsOf(shortText),

  provider: shortText.nullable(),
  /** A provider's name, a slash, and a model's name of up to 256 characters. */
  deployment: z.string().max(512).nullable(),
  model_requested: shortText.nullable(),
  model_served: shortText.nullable(),
  endpoint: shortText.nullable(),
  stream: z.boolean(),
  // Absent where no limit was set, and from what was written before there was one.
  output_limit: z.int().min(1).nullable().optional(),
  output_clamped: z.boolean().nullable().optional(),
  redactions: z.int().min(1).nullable().optional(),
  // Absent where no limit refused the call, and from what was written before it was said.
  refusal: tagsOf(shortText)
    .refine(
      (facts) => Object.keys(facts).length <= REFUSAL_FACTS_MAX,
      'too many facts of a refusal',
    )
    .optional(),

  // Of cache hits alone.
  saved_cost: decimal12.nullable().optional(),
  saved_tokens: z.int().min(0).max(SAVED_TOKENS_MAX).nullable().optional(),
  cache_similarity: z.number().min(0).max(1).nullable().optional(),
  // What was written before a bucket existed, or has none of it, lacks it, and is read by rebuilds (I5).
  ...buckets,
  usage_source: z.enum(['provider', 'estimated', 'reconciled', 'none']),

  cost: decimal12.nullable(),
  price_version: shortText.nullable(),
  price_source: z.enum(['price_book', 'config', 'catalogue', 'imported', 'none']),

  status: usageStatus,
  http_status: z.int().min(100).max(999).nullable(),
  error_type: shortText.nullable(),
  cache: z.enum(['miss', 'hit', 'semantic', 'bypass']),
  latency_ms: z.number().min(0).nullable(),
  ttft_ms: z.number().min(0).nullable(),
  overhead_us: z.int().min(0).nullable(),

  hold_lease_ids: z.array(shortText).max(HOLD_PARTS_MAX),
  hold_amounts: z.array(decimal12).max(HOLD_PARTS_MAX),
  hold_units: z.array(shortText).max(HOLD_PARTS_MAX),
  budget_windows: z.array(shortText).max(HOLD_PARTS_MAX),

  external_type: text.nullable(),
  external_subject: text.nullable(),
  external_data: z.string().max(65_536).nullable(),

  time: timestamp,
  recorded_at: timestamp,
}) satisfies z.ZodType<UsageEvent>;

/** Bodies of `POST /v1/reconciliations`: a provider's bill by attempt. */
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { billLine } from '../ledger/ledger-events.ts';
import { objectId, shortName } from '../names/names.ts';
import { instantOrDateUtc } from '../time/instant.ts';

const rule = z.enum(['not_billed', 'total']);

/** Attempts without a known usage, and what an operator decides about them. */
export const resolutionRequest = z.strictObject({
  provider: shortName,
  /** Attempt start times `[start, end)`. */
  start: instantOrDateUtc,
  end: instantOrDateUtc,
  status: z.enum(['ok', 'unknown', 'upstream_error', 'timeout', 'client_closed']).optional(),
  model: shortName.optional(),
  customer_id: objectId.optional(),
  key_id: objectId.optional(),
  budget_id: objectId.optional(),
  rule,
  /** With the rule `total`: what the provider billed for all attempts of this filter, USD. */
  total_cost: z
    .string()
    .regex(/^\d{1,20}(\.\d{1,12})?$/, 'a decimal number in quotes')
    .optional(),
  /** Why, for those who read the ledger later. */
  reason: z.string().min(1).max(1024),
  /** Answers what would be resolved, and changes nothing. */
  dry_run: z.boolean().default(false),
});

export const resolutionResult = z.strictObject({
  object: z.literal('resolution'),
  /** Of the import that holds the ruling; null if nothing was to be resolved, or for a dry run. */
  import_id: z.string().nullable(),
  rule,
  attempts: z.int(),
  /** What their budgets were charged and get back, by unit: 12 decimal places. */
  released: z.record(z.string(), z.string()),
  /** What is known to be billed for this filter, USD: what a total is compared with. */
  known_cost: z.string(),
  /** More attempts fit the filter than one ruling takes: ask again. */
  more: z.boolean(),
});

export const reconciliationRequest = z.strictObject({
  provider: shortName,
  /** Attempt start times `[start, end)` for which the bill is complete. */
  start: instantOrDateUtc,
  end: instantOrDateUtc,
  /** What the bill itself reaches over; further than the range by the longest call and the skew. */
  bill_start: instantOrDateUtc,
  bill_end: instantOrDateUtc,
  /** Some systems write a UUID in capitals; it is the same attempt. */
  lines: z.array(billLine.extend({ attempt_id: z.uuid().toLowerCase() })).max(20_000),
});

export const reconciliationView = z.strictObject({
  object: z.literal('reconciliation'),
  id: z.string(),
  provider: z.string(),
  start: timestamp,
  end: timestamp,
  lines: z.int(),
  /** Of an operator's ruling (`POST /v1/resolutions`); null for a bill. */
  ruling: z.strictObject({ rule, reason: z.string() }).nullable(),
  created_at: timestamp,
});

export const reconciliationResult = reconciliationView.extend({
  /** Lines whose attempt is in the warehouse. */
  matched: z.int(),
  /** Of these: the event says the same. */
  agreed: z.int(),
  /** Attempts whose usage the provider stated otherwise in its answer; the first 100. */
  differing: z.array(z.string()),
  /** Lines that resolve an attempt. */
  resolvable: z.int(),
  /** Lines whose attempt has not arrived yet. */
  pending: z.int(),
});

export const reconciliationParams = z.strictObject({ import_id: objectId });

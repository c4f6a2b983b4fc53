/** Bodies of `/v1/reconciliations/totals`: a provider's totals, and why they differ from ours. */
import { quantityNames } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { totalsFile } from '../ledger/provider-totals-events.ts';
import { objectId, shortName } from '../names/names.ts';

/** Names of days, models and credentials that people write into a request. */
const text = z.string().min(1).max(1_024);

export const totalsRequest = z.strictObject({
  /** Exports of one provider: pages of one report, or its usage and its costs. */
  files: z
    .array(z.strictObject({ name: z.string().max(1_024), content: z.string() }))
    .min(1)
    .max(64),
  /** As the configuration calls it; default: what the kind of export is usually called. */
  providers: z.array(shortName).min(1).max(16).optional(),
  /** Only these days, both included. Default: all that the export has. */
  first_day: z.iso.date().optional(),
  last_day: z.iso.date().optional(),
  /** With which credentials the gateway calls: `api_key:…`, `project:…`, `workspace:…`, `account:…`. */
  own_identities: z.array(text).max(1_000).default([]),
  /** From a model’s name in the export to its name here, where they do not fit by themselves. */
  models: z.record(text, text).default({}),
  /** Which instant of a call decides its day. Default: whichever fits better. */
  attributed_by: z.enum(['start', 'end']).optional(),
  /** Compares, and stores nothing. */
  dry_run: z.boolean().default(false),
});

const cause = z.enum([
  ...(['gap', 'unknown_attempts', 'estimates', 'price', 'tier', 'bucket_split'] as const),
  ...(['day_boundary', 'unpriced', 'other_charges', 'rounding', 'undecided'] as const),
]);
const amount = z.string().nullable();
const quantities = z.partialRecord(z.enum(quantityNames), z.int());
const bucket = z.enum(quantityNames);

const comparedBucket = z.strictObject({
  bucket,
  /** Null: the export does not state this bucket. */
  theirs: z.int().nullable(),
  ours: z.int(),
  difference: z.int().nullable(),
  explained: z.array(z.strictObject({ cause, candidates: z.array(cause), quantity: z.int() })),
  unexplained: z.int().nullable(),
});

const share = z.strictObject({
  cause,
  /** Of `undecided`: totals alone cannot tell which of these it is. */
  candidates: z.array(cause),
  quantities,
  /** USD, 12 decimal places; null: there is no price to value it at. */
  amount,
});

const money = {
  theirs_cost: amount,
  our_cost: z.string(),
  difference_cost: amount,
  unexplained_cost: amount,
};

export const totalsReport = z.strictObject({
  attributed_by: z.enum(['start', 'end']),
  /** The totals fit the other instant than the one by which this provider usually counts. */
  attributed_otherwise: z.boolean(),
  ...money,
  buckets: z.array(comparedBucket),
  causes: z.array(share.extend({ days: z.int(), first_day: z.iso.date(), last_day: z.iso.date() })),
  price_moves: z.array(
    z.strictObject({
      model: z.string(),
      bucket: bucket.nullable(),
      first_day: z.iso.date(),
      last_day: z.iso.date(),
      /** USD per million, 12 decimal places; null: the export has one amount for all buckets. */
      theirs: amount,
      ours: amount,
      cost: z.string(),
    }),
  ),
  models_only_on_bill: z.array(z.string()),
  models_only_ours: z.array(z.string()),
  /** By day and model; first all that have a difference, if there are too many for one answer. */
  cells: z.array(
    z.strictObject({
      day: z.iso.date(),
      model: z.string(),
      our_models: z.array(z.string()),
      ...money,
      buckets: z.array(comparedBucket),
      shares: z.array(share),
      attempts: z.strictObject({
        ...{ stated: z.int(), estimated: z.int(), unknown: z.int(), unpriced: z.int() },
      }),
      /** What budgets were charged for the unknown ones, USD. */
      held: z.string(),
      near_midnight: z.int(),
    }),
  ),
  cells_left_out: z.int(),
});

export const totalsView = z.strictObject({
  object: z.literal('provider_totals'),
  /** Null: of a dry run. */
  id: z.string().nullable(),
  providers: z.array(z.string()),
  source: z.string(),
  time_zone: z.string(),
  first_day: z.iso.date(),
  last_day: z.iso.date(),
  own_identities: z.array(z.string()),
  models: z.record(z.string(), z.string()),
  files: z.array(totalsFile),
  /** In one line; of a list, when it was compared first. */
  verdict: z.string(),
  created_at: timestamp,
});

export const totalsResult = totalsView.extend({ report: totalsReport });

export const totalsParams = z.strictObject({ totals_id: objectId });

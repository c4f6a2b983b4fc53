/** `GET /v1/me`: what a virtual key may do and has done, of itself and of nobody else (I10). */
import { z } from 'zod';
import { decimal12, timestamp } from '../event/usage-event.ts';

const usedByModel = z.strictObject({
  model: z.string().meta({ description: 'As the provider answered.' }),
  requests: z.int(),
  input_tokens: z.int().meta({ description: 'Of every kind, tokens read from a cache too.' }),
  output_tokens: z.int().meta({ description: 'Reasoning included.' }),
  cost: decimal12,
  unpriced_events: z.int().meta({ description: 'Attempts whose cost is not known yet.' }),
});

export const usedInWindow = z.strictObject({
  window: z.string(),
  time_zone: z.string(),
  window_start: timestamp,
  window_end: timestamp.nullable(),
  cost: decimal12,
  models: z.array(usedByModel),
});

/** In the windows of today and of this month, and in those of the budgets that bind the key. */
const usage = z.array(usedInWindow);

/** The billing API's part. */
export const ownUsage = z.strictObject({
  object: z.literal('own_usage'),
  key_id: z.string(),
  usage,
});

const ownBudget = z.strictObject({
  scope: z.string(),
  unit: z.string(),
  basis: z.string(),
  counts: z.string(),
  model: z.string().nullable(),
  window: z.string(),
  per: z
    .string()
    .nullable()
    .meta({
      description:
        '`end_user`: each end user has one. The amounts are those of the end user whom the header ' +
        '`x-tollgate-end-user` names; null without it.',
    }),
  window_start: timestamp,
  resets_at: timestamp.nullable(),
  limit: decimal12.nullable().meta({ description: 'Null: the scope has other customers in it.' }),
  spent: decimal12.nullable(),
  reserved: decimal12.nullable().meta({
    description: 'Held for running calls, and by other proxies for their next ones.',
  }),
  remaining: decimal12.nullable(),
  exhausted: z.boolean().nullable(),
});

const ownRateLimit = z.strictObject({
  scope: z.string(),
  measure: z.string(),
  window: z.string().nullable(),
  model: z.string().nullable(),
  limit: z.int(),
  remaining: z.int().nullable().meta({ description: 'Null: it is different for each end user.' }),
  resets_at: timestamp.nullable(),
});

/** The proxy's answer. */
export const me = z.strictObject({
  object: z.literal('me'),
  key: z.strictObject({
    id: z.string(),
    environment: z.string(),
    tags: z.record(z.string(), z.string()),
    expires_at: timestamp.nullable(),
  }),
  budgets: z.array(ownBudget),
  rate_limits: z.array(ownRateLimit),
  models: z.array(z.string()),
  usage: usage.nullable().meta({ description: 'Null: the billing API did not answer in time.' }),
  as_of: timestamp,
});

export type Me = z.input<typeof me>;
export type UsedInWindow = z.output<typeof usedInWindow>;

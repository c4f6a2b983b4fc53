/** Bodies of the control plane: customers, teams, keys, budgets, price books. */
import { z } from 'zod';
import { keyTagsOf } from '../event/tags.ts';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { objectId as id, shortName as name } from '../names/names.ts';
import { instant } from '../time/instant.ts';
import { listQuery } from './list.ts';

const created = { created_at: timestamp };
const markupPpm = z.int().min(0).max(100_000_000);
const environment = z.string().regex(/^[a-z0-9-]{1,32}$/);

export const customerRequest = z.strictObject({
  name,
  external_id: name.optional(),
  time_zone: name.default('UTC'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('USD'),
  /** Parts per million: 200000 is +20 %. */
  markup_ppm: markupPpm.default(0),
});
export const customerView = z.strictObject({
  object: z.literal('customer'),
  id,
  external_id: name.nullable(),
  name,
  time_zone: name,
  currency: z.string(),
  markup_ppm: markupPpm,
  archived: z.boolean(),
  ...created,
});
export const customerParams = z.strictObject({ customer_id: id });

export const teamRequest = z.strictObject({
  customer_id: id,
  name,
  external_id: name.optional(),
});
export const teamView = z.strictObject({
  object: z.literal('team'),
  id,
  customer_id: id,
  external_id: name.nullable(),
  name,
  archived: z.boolean(),
  ...created,
});

export const keyRequest = z.strictObject({
  customer_id: id,
  team_id: id.optional(),
  name,
  environment: environment.default('live'),
  tags: keyTagsOf(name).default({}),
  on_disconnect: z.enum(['drain', 'abort']).default('drain'),
  expires_at: instant.optional(),
});
export const keyView = z.strictObject({
  object: z.literal('key'),
  id,
  customer_id: id,
  team_id: id.nullable(),
  name,
  environment,
  tags: z.record(z.string(), z.string()),
  on_disconnect: z.enum(['drain', 'abort']),
  expires_at: timestamp.nullable(),
  last_four: z.string(),
  status: z.enum(['active', 'expired', 'revoked']),
  /** In clear only in the answer that issued it; null ever after (I12). */
  secret: z.string().nullable(),
  ...created,
});
export const keyParams = z.strictObject({ key_id: id });
export const rotateRequest = z.strictObject({ overlap_seconds: z.int().min(0).default(0) });
export const revokeRequest = z.strictObject({ reason: z.string().max(1024).optional() });

const scope = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('key'), id }),
  z.strictObject({ type: z.literal('team'), id }),
  z.strictObject({ type: z.literal('customer'), id }),
  z.strictObject({ type: z.literal('installation'), id: z.literal('installation') }),
]);
const amount = z.string().regex(/^\d{1,20}(\.\d{1,12})?$/, 'a decimal number in quotes');
export const budgetRequest = z.strictObject({
  scope,
  unit: z.enum(['usd', 'tokens', 'requests']).default('usd'),
  window: z.enum(['day', 'week', 'month', 'total']).default('month'),
  limit: amount,
  enforcement: z.enum(['hard', 'soft']).default('hard'),
  basis: z.enum(['cost', 'billed']).default('cost'),
  time_zone: name.optional(),
});
export const budgetChange = z.strictObject({ limit: amount });
export const budgetView = z.strictObject({
  object: z.literal('budget'),
  id,
  scope,
  unit: z.string(),
  window: z.string(),
  limit: decimal12,
  enforcement: z.string(),
  basis: z.string(),
  time_zone: name,
  archived: z.boolean(),
  /** The current window as the ledger has it. */
  current: z.strictObject({
    window_start: timestamp,
    window_end: timestamp.nullable(),
    limit: decimal12,
    spent: decimal12,
    held: decimal12,
    /**
     * The part of `spent` that is charged for attempts whose usage nobody has stated: what they
     * reserved, until a bill or a ruling resolves them. Null: the warehouse cannot tell now.
     */
    unresolved: z
      .strictObject({
        attempts: z.int(),
        amount: decimal12,
        oldest_at: timestamp.nullable(),
        /** Of these, attempts that our own failure cut: no use of the tenant is proven. */
        own_failures: z.strictObject({ attempts: z.int(), amount: decimal12 }),
      })
      .nullable(),
  }),
  ...created,
});
export const budgetParams = z.strictObject({ budget_id: id });

export const listByCustomer = listQuery.extend({ customer_id: id.optional() });

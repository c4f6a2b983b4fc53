/** Bodies of the control plane: teams, keys, budgets; customers are in `customers.ts`. */
import { z } from 'zod';
import { keyTagsOf } from '../event/tags.ts';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { END_USER_LENGTH_MAX, objectId as id, shortName as name } from '../names/names.ts';
import { instant } from '../time/instant.ts';
import { amount, limitParts } from './budget-limits.ts';
import { changeOf } from './change.ts';
import { listQuery } from './list.ts';
import { modelLists, shownModelLists } from './model-lists.ts';

export const created = { created_at: timestamp };
const lifeStatus = z.enum(['active', 'archived']);
export const life = { archived: z.boolean(), status: lifeStatus };

const environment = z.string().regex(/^[a-z0-9-]{1,32}$/);

export const teamRequest = z.strictObject({
  customer_id: id,
  name,
  external_id: name.optional(),
  ...modelLists,
});
export const teamView = z.strictObject({
  object: z.literal('team'),
  id,
  customer_id: id,
  external_id: name.nullable(),
  name,
  ...shownModelLists,
  ...life,
  ...created,
});
export const teamChange = changeOf({ name: name.exactOptional(), ...modelLists });
export const teamParams = z.strictObject({ team_id: id });

const keyStatus = z.enum(['active', 'suspended', 'expired', 'revoked', 'archived']);
const onDisconnect = z.enum(['drain', 'abort']);
const END_USER_REQUIRED =
  'Whether each call has to name its end user, in `user`, `safety_identifier` or the header ' +
  '`x-tollgate-end-user`; a call that names none is refused with 400.';

const PAYLOAD_LOG =
  'Whether what its calls and their answers say is kept for a time, redacted, for administrators ' +
  '(`payload_log` of the configuration; where that is absent, nothing is kept).';

export const keyRequest = z.strictObject({
  customer_id: id,
  team_id: id.optional(),
  name,
  environment: environment.default('live'),
  tags: keyTagsOf(name).exactOptional(),
  on_disconnect: onDisconnect.exactOptional(),
  /** Null: never, also where the defaults say otherwise. */
  expires_at: instant.nullable().exactOptional(),
  ...modelLists,
  end_user_required: z.boolean().exactOptional().meta({ description: END_USER_REQUIRED }),
  payload_log: z.boolean().exactOptional().meta({ description: PAYLOAD_LOG }),
});
export const keyView = z.strictObject({
  object: z.literal('key'),
  id,
  customer_id: id,
  team_id: id.nullable(),
  name,
  environment,
  tags: z.record(z.string(), z.string()),
  on_disconnect: onDisconnect,
  expires_at: timestamp.nullable(),
  ...shownModelLists,
  /** What it got with its issue (`key_defaults` of its customer and the installation). */
  default_budget_ids: z.array(id),
  default_rate_limit_ids: z.array(id),
  end_user_required: z.boolean(),
  payload_log: z.boolean(),
  last_four: z.string(),
  status: keyStatus,
  /** In clear only in the answer that issued it; null ever after (I12). */
  secret: z.string().nullable(),
  ...created,
});
export const keyParams = z.strictObject({ key_id: id });
export const rotateRequest = z.strictObject({ overlap_seconds: z.int().min(0).default(0) });
export const keyChange = changeOf({
  name: name.exactOptional(),
  tags: keyTagsOf(name)
    .exactOptional()
    .meta({ description: 'All tags; they replace those before.' }),
  on_disconnect: onDisconnect.exactOptional(),
  expires_at: instant.nullable().exactOptional().meta({
    description: 'RFC 3339; null: it does not expire. A later one revives an expired key.',
  }),
  ...modelLists,
  end_user_required: z.boolean().exactOptional().meta({ description: END_USER_REQUIRED }),
  payload_log: z.boolean().exactOptional().meta({ description: PAYLOAD_LOG }),
});
/** Why a key is revoked or suspended. */
export const reasonRequest = z.strictObject({ reason: z.string().max(1024).optional() });

const scope = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('key'), id }),
  z.strictObject({ type: z.literal('team'), id }),
  z.strictObject({ type: z.literal('customer'), id }),
  z.strictObject({ type: z.literal('installation'), id: z.literal('installation') }),
]);
const thresholds = z
  .array(z.int().min(1).max(1_000))
  .max(10)
  .transform((percents) => [...new Set(percents)].toSorted((a, b) => a - b));
/** `clamp`: a call that it cannot pay for gets the output limit that it can pay for. */
const onExceeded = z.enum(['refuse', 'clamp']);
/** The smallest output limit, per answer, that it sets; a call that would need less is refused. */
const clampMin = z.int().min(1).max(100_000_000);
export const budgetRequest = z.strictObject({
  scope,
  unit: z.enum(['usd', 'tokens', 'requests']).default('usd'),
  window: z.enum(['hour', 'day', 'week', 'month', 'total']).default('month'),
  limit: amount,
  enforcement: z.enum(['hard', 'soft']).default('hard'),
  basis: z.enum(['cost', 'billed']).default('cost'),
  time_zone: name.optional(),
  /** Weeks or months are counted from this day. */
  anchor: z.iso.date().nullable().default(null),
  /** Models that it limits, by the client's or the provider's name; `*` is any text. */
  model: name.nullable().default(null),
  /** Of a budget of tokens. */
  counts: z.enum(['total', 'input', 'output']).default('total'),
  cache_reads: z.boolean().default(true),
  on_exceeded: onExceeded.default('refuse'),
  clamp_min_output_tokens: clampMin.default(1),
  per: z
    .literal('end_user')
    .nullable()
    .default(null)
    .meta({
      description:
        'A template: each end user of the key or the customer has a budget like this one, from its ' +
        'first call on. Calls that name no end user share one.',
    }),
  /** Percent of the limit at which alarms are raised, once in each window. */
  thresholds: thresholds.default([50, 80, 95, 100]),
});
export const budgetChange = changeOf({
  limit: amount.exactOptional(),
  thresholds: thresholds.exactOptional(),
  on_exceeded: onExceeded.exactOptional(),
  clamp_min_output_tokens: clampMin
    .exactOptional()
    .meta({ description: 'Of a budget that clamps; it is 1 again once the budget refuses.' }),
});
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
  anchor: z.string().nullable(),
  model: name.nullable(),
  counts: z.string(),
  cache_reads: z.boolean(),
  on_exceeded: onExceeded,
  clamp_min_output_tokens: z.number(),
  per: z.string().nullable(),
  thresholds: z.array(z.int()),
  ...life,
  /** The current window as the ledger has it; of a template, that of one end user. */
  current: z.strictObject({
    window_start: timestamp,
    window_end: timestamp.nullable(),
    /** In force now, and what it is made of. */
    limit: decimal12,
    parts: limitParts,
    /** Of a soft budget by the warehouse; null: the warehouse cannot tell now. */
    spent: decimal12.nullable(),
    held: decimal12,
    /** Percent of the limit for which an alarm was raised in this window. */
    thresholds_reached: z.array(z.int()),
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
export const budgetQuery = z.strictObject({
  end_user: z.string().max(END_USER_LENGTH_MAX).optional().meta({
    description: 'Of a template: whose window to show; without it, that of calls that name nobody.',
  }),
});

const filter = {
  customer_id: id.optional().meta({ description: 'Our id, or the `external_id` of a customer.' }),
  team_id: id.optional(),
  key_id: id.optional(),
  external_id: name.optional(),
  status: lifeStatus.optional(),
};
const { customer_id, team_id, key_id, external_id, status } = filter;

export const customerList = listQuery.extend({ external_id, status });
export const teamList = listQuery.extend({ customer_id, external_id, status });
export const keyList = listQuery.extend({
  customer_id,
  team_id,
  environment: environment.optional(),
  status: keyStatus.optional(),
});
export const budgetList = listQuery.extend({
  customer_id: customer_id.meta({
    description: 'Budgets of this customer (our id, or its `external_id`), its teams and its keys.',
  }),
  team_id: team_id.meta({ description: 'Budgets whose scope is this team.' }),
  key_id: key_id.meta({ description: 'Budgets whose scope is this key.' }),
  status,
});

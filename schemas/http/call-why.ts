/** `GET /v1/calls/{id}/why`: which limit refused a call, or how an admitted one was priced and charged. */
import { z } from 'zod';
import { decimal12, timestamp, usageStatus } from '../event/usage-event.ts';
import { heldLease } from './budget-detail.ts';

/** Of an event of before it was said, or of a limit that nobody finds any more. */
const scope = z.looseObject({ type: z.string() }).nullable();

const budgetLimit = z.strictObject({
  type: z.literal('budget'),
  budget_id: z.string(),
  scope,
  unit: z.string().nullable(),
  counted_as: z.string().meta({ description: 'How the call would have counted: `hold_units`.' }),
  window: z.string().nullable(),
  window_start: timestamp,
  resets_at: timestamp.nullable(),
  limit: decimal12,
  spent: decimal12.meta({ description: 'Settled, at that instant.' }),
  held: decimal12.meta({ description: 'Held by proxies at that instant: `leases` has by whom.' }),
  available: decimal12,
  spent_or_reserved: decimal12.meta({
    description:
      'As the client was told, but for a budget of the installation: without what the proxy held for no call.',
  }),
  needed: decimal12,
  refused_by: z.string().meta({ description: 'The proxy instance.' }),
  leases: z.array(heldLease),
});

const rateLimit = z.strictObject({
  type: z.literal('rate_limit'),
  rate_limit_id: z.string(),
  scope,
  measure: z.string().nullable(),
  window: z.string().nullable(),
  resets_at: timestamp.nullable(),
  limit: z.int(),
  remaining: z.int(),
  needed: z.int(),
  refused_by: z.string(),
});

const guardrail = z.strictObject({
  type: z.literal('guardrail'),
  guardrail: z.string().meta({ description: 'Its name in the configuration.' }),
  rule: z.string().meta({
    description: 'The name of a pattern, or webhook, require, caps, unavailable.',
  }),
});

const remedy = z.strictObject({
  action: z.enum([
    'lower_output_limit',
    'send_less',
    'wait',
    'retry',
    'raise_limit',
    'change_request',
    'ask_operator',
  ]),
  value: z
    .string()
    .nullable()
    .meta({ description: 'Tokens, a limit, or an instant: what the action needs.' }),
  detail: z.string(),
});

const refusal = z.strictObject({
  code: z.string(),
  limit: z.discriminatedUnion('type', [budgetLimit, rateLimit, guardrail]).nullable().meta({
    description: 'Null: no limit refused it, or its event is older than this answer.',
  }),
  remedies: z.array(remedy),
});

const priceLine = z.strictObject({
  unit: z.string(),
  quantity: z.int(),
  usd_per_million: decimal12,
  cost: z.string().meta({ description: 'Exact, 18 places. The sum is rounded once, to 12.' }),
});

const chargedBudget = z.strictObject({
  budget_id: z.string(),
  scope,
  counted_as: z.string(),
  window_start: timestamp,
  held: decimal12.meta({ description: 'Before it was sent; of unknown usage, what was charged.' }),
  charged: decimal12.meta({ description: 'When it ended.' }),
  adjusted: decimal12.meta({ description: 'By a resolution, since.' }),
  leases: z.array(
    z.strictObject({
      lease_id: z.string(),
      instance_id: z.string().nullable(),
      held: decimal12,
      charged: decimal12,
      adjusted: decimal12,
      settled_at: timestamp.nullable().meta({ description: 'Null: the lease is open.' }),
    }),
  ),
});

const explainedAttempt = z.strictObject({
  id: z.string(),
  attempt: z.int(),
  time: timestamp,
  provider: z.string().nullable(),
  model: z.string().nullable(),
  status: usageStatus,
  error_type: z.string().nullable(),
  usage_source: z.string(),
  output_limit: z.int().nullable(),
  output_clamped: z.boolean().meta({
    description: 'Whether a budget made that limit smaller than what the call would have got.',
  }),
  cost: decimal12.nullable(),
  price: z
    .strictObject({
      version: z.string(),
      source: z.string(),
      lines: z
        .array(priceLine)
        .nullable()
        .meta({ description: 'Null: the usage is unknown, or the price list is not here.' }),
    })
    .nullable(),
  budgets: z.array(chargedBudget),
  resolution: z
    .strictObject({
      id: z.string(),
      source: z.string(),
      cost: decimal12.nullable().meta({ description: 'The difference to `cost`.' }),
    })
    .nullable(),
});

export const callWhy = z.strictObject({
  object: z.literal('call_explanation'),
  id: z.string(),
  time: timestamp,
  customer_id: z.string(),
  key_id: z.string().nullable(),
  model: z.string().nullable(),
  refusal: refusal.nullable().meta({ description: 'Null: the call was admitted.' }),
  attempts: z.array(explainedAttempt),
});

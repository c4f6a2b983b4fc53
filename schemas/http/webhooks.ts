/** Bodies of /v1/webhooks and /v1/alarms, and of what is sent to a webhook. */
import { z } from 'zod';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { objectId as id } from '../names/names.ts';
import { instant } from '../time/instant.ts';
import { listQuery } from './list.ts';

const alarmKind = z.enum(['threshold', 'forecast', 'overrun', 'unresolved', 'rate_store_away']);

/** What a webhook may ask for; `webhook.test` is sent to each that asks to be tested. */
const eventType = z.enum([
  'budget.threshold_reached',
  'budget.forecast_exceeded',
  'budget.overrun',
  'budget.unresolved',
  'rate_store.away',
]);
export type WebhookEventType = z.infer<typeof eventType>;

export const alarmView = z.strictObject({
  object: z.literal('alarm'),
  /** Also the `webhook-id` of what is sent: the same at every attempt. */
  id,
  kind: alarmKind,
  type: eventType,
  budget_id: id.nullable(),
  scope: z.object({ type: z.string(), id }).loose().nullable(),
  unit: z.string().nullable(),
  window_start: timestamp,
  window_end: timestamp.nullable(),
  /** Percent of the limit. */
  threshold: z.int().nullable(),
  limit: decimal12.nullable(),
  /** What counted against the limit when it was raised. */
  spent: decimal12.nullable(),
  /**
   * Of a forecast what the window comes to, of an overrun what was billed above the stated bounds, of
   * unresolved attempts what is charged for them.
   */
  amount: decimal12.nullable(),
  exceeds_at: timestamp.nullable(),
  raised_at: timestamp,
});
export const alarmList = listQuery.extend({
  budget_id: id.optional(),
  kind: alarmKind.optional(),
  since: instant.optional().meta({ description: 'RFC 3339: raised then or later.' }),
});

const url = z
  .string()
  .min(1)
  .max(2_048)
  .meta({
    description:
      'An https URL that leads to a public address; what else is allowed is in `webhooks.allow` of the ' +
      'configuration. Redirects are not followed.',
  });
const eventTypes = z
  .array(eventType)
  .min(1)
  .max(eventType.options.length)
  .nullable()
  .meta({ description: 'Types of events that are sent; null: all.' });
const description = z.string().max(1_024).nullable();

export const webhookRequest = z.strictObject({
  url,
  event_types: eventTypes.default(null),
  description: description.default(null),
});
export const webhookChange = z
  .strictObject({
    url: url.exactOptional(),
    event_types: eventTypes.exactOptional(),
    description: description.exactOptional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'states no change');
export const webhookView = z.strictObject({
  object: z.literal('webhook'),
  id,
  url: z.string(),
  event_types: z.array(z.string()).nullable(),
  description,
  /** Of a rotation: until when the secret before signs too. */
  previous_secret_valid_until: timestamp.nullable(),
  archived: z.boolean(),
  status: z.enum(['active', 'archived']),
  /** `whsec_…`, only in the answer that made it; null ever after (I12). */
  secret: z.string().nullable(),
  created_at: timestamp,
});
export const webhookParams = z.strictObject({ webhook_id: id });
export const webhookList = listQuery.extend({ status: z.enum(['active', 'archived']).optional() });
export const rotateWebhookRequest = z.strictObject({
  overlap_seconds: z
    .int()
    .min(0)
    .default(24 * 60 * 60)
    .meta({ description: 'How long the secret before signs too.' }),
});

const deliveryStatus = z.enum(['pending', 'delivered', 'failed', 'canceled']);
export const deliveryView = z.strictObject({
  object: z.literal('webhook_delivery'),
  id,
  webhook_id: id,
  /** The `webhook-id` header, and the id of the alarm. */
  event_id: id,
  event_type: z.string(),
  status: deliveryStatus,
  attempts: z.array(
    z.strictObject({
      number: z.int(),
      started_at: timestamp,
      /** Null: it runs, or its process died. */
      ended_at: timestamp.nullable(),
      http_status: z.int().nullable(),
      /** Why it failed; null: it did not, or has not ended. */
      error: z.string().nullable(),
    }),
  ),
  /** Null: it is not tried any more. */
  next_attempt_at: timestamp.nullable(),
  created_at: timestamp,
});
export const deliveryList = listQuery.extend({ status: deliveryStatus.optional() });

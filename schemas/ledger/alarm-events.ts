/** The payloads of the streams of alarms, webhooks and their deliveries (see ledger-events.ts). */
import type { AlarmRaised, AlarmWatchStarted } from '@tollgate/domain/alarm/alarm-events.ts';
import type { DeliveryEvent, WebhookEvent } from '@tollgate/domain/webhook/webhook-events.ts';
import { z } from 'zod';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { objectId as id } from '../names/names.ts';

type PayloadsOf<E extends { type: string; data: unknown }> = {
  [T in E['type']]: z.ZodType<Extract<E, { type: T }>['data']>;
};

export const alarmPayloads = {
  AlarmRaised: z.strictObject({
    alarm_id: id,
    kind: z.enum(['threshold', 'forecast', 'overrun', 'unresolved', 'rate_store_away']),
    budget_id: id.nullable(),
    window_start: timestamp,
    window_end: timestamp.nullable(),
    threshold: z.int().min(1).nullable(),
    limit: decimal12.nullable(),
    spent: decimal12.nullable(),
    amount: decimal12.nullable(),
    exceeds_at: timestamp.nullable(),
    raised_at: timestamp,
  }),
} satisfies PayloadsOf<AlarmRaised>;

export const alarmWatchPayloads = {
  AlarmWatchStarted: z.strictObject({ started_at: timestamp }),
} satisfies PayloadsOf<AlarmWatchStarted>;

const url = z.string().min(1).max(2_048);
const eventTypes = z.array(z.string().min(1).max(64)).nullable();
const description = z.string().max(1_024).nullable();
const sealed = z.string().min(1).max(512);

export const webhookPayloads = {
  WebhookCreated: z.strictObject({
    webhook_id: id,
    url,
    event_types: eventTypes,
    description,
    secret: sealed,
  }),
  WebhookUpdated: z.strictObject({
    webhook_id: id,
    url: url.exactOptional(),
    event_types: eventTypes.exactOptional(),
    description: description.exactOptional(),
  }),
  WebhookSecretRotated: z.strictObject({
    webhook_id: id,
    secret: sealed,
    previous_valid_until: timestamp,
  }),
  WebhookTestRequested: z.strictObject({ webhook_id: id, test_id: id }),
  WebhookArchived: z.strictObject({ webhook_id: id }),
} satisfies PayloadsOf<WebhookEvent>;

const attempt = z.int().min(1);

export const deliveryPayloads = {
  DeliveryStarted: z.strictObject({
    webhook_id: id,
    event_id: id,
    attempt,
    run_id: id,
    started_at: timestamp,
  }),
  DeliveryEnded: z.strictObject({
    webhook_id: id,
    event_id: id,
    attempt,
    ended_at: timestamp,
    outcome: z.enum(['delivered', 'failed']),
    http_status: z.int().min(100).max(999).nullable(),
    error: z.string().min(1).max(64).nullable(),
    next_attempt_at: timestamp.nullable(),
  }),
} satisfies PayloadsOf<DeliveryEvent>;

/** What is shown of webhooks and deliveries, and when a secret is (I12). */
import { timingSafeEqual } from 'node:crypto';
import {
  WEBHOOK_SECRET_BYTES,
  webhookSecretText,
} from '@tollgate/adapters/webhooks/webhook-secret.ts';
import type { Webhook } from '@tollgate/domain/webhook/webhook.ts';
import type { deliveryView, webhookView } from '@tollgate/schemas/http/webhooks.ts';
import type { z } from 'zod';
import type { Item } from '../../alarms/deliveries.ts';
import type { ApiContext } from '../../context.ts';
import type { ApiRequest } from '../../http/route.ts';
import type { Entity } from '../../resources/entities.ts';
import { secretTextOf } from '../../webhooks/sealed-secret.ts';
import { lifeStatus } from '../named-customer.ts';

type SecretBytes = ApiRequest<unknown, unknown, unknown>['secretBytes'];
type Shown = z.input<typeof webhookView>;

export function view({ state, createdAtMs }: Entity<Webhook>, secret: string | null): Shown {
  const { webhook_id, url, event_types, description, previous, archived } = state;
  return {
    object: 'webhook',
    id: webhook_id,
    url,
    event_types: event_types === null ? null : [...event_types],
    description,
    previous_secret_valid_until: previous?.valid_until ?? null,
    archived,
    status: lifeStatus(state),
    secret,
    created_at: new Date(createdAtMs).toISOString(),
  };
}

/** A repetition gets the secret of the first request; one that comes too late makes another. */
export function newSecret(secretBytes: SecretBytes, { randomBytes }: ApiContext): Uint8Array {
  return secretBytes('secret', WEBHOOK_SECRET_BYTES) ?? randomBytes(WEBHOOK_SECRET_BYTES);
}

/** Null where an earlier try of the same request has stored another secret: this one signs nothing. */
export function shownIfStored(
  bytes: Uint8Array,
  { webhook_id, secret }: Webhook,
  { secrets }: Pick<ApiContext, 'secrets'>,
): string | null {
  const text = webhookSecretText(bytes);
  const stored = Buffer.from(secretTextOf(secrets, webhook_id, secret));
  const isStored = stored.length === text.length && timingSafeEqual(stored, Buffer.from(text));
  return isStored ? text : null;
}

/** A client that lost the answer can repeat the request, within a day, to get the secret again. */
export function withSecret(
  stored: Shown,
  { secretBytes }: { secretBytes: SecretBytes },
  context: ApiContext,
): Shown {
  const bytes = secretBytes('secret', WEBHOOK_SECRET_BYTES);
  const webhook = context.alarms.webhooks.get(stored.id)?.state;
  if (bytes === null || webhook === undefined) return stored;
  return { ...stored, secret: shownIfStored(bytes, webhook, context) };
}

export function deliveryViewOf(item: Item): z.input<typeof deliveryView> {
  const { status, attempts, nextAtMs } = item.state;
  const iso = (atMs: number) => new Date(atMs).toISOString();
  return {
    object: 'webhook_delivery',
    id: item.id,
    webhook_id: item.webhookId,
    event_id: item.eventId,
    event_type: item.eventType,
    status,
    attempts: attempts.map(({ attempt, startedAtMs, endedAtMs, httpStatus, error }) => ({
      number: attempt,
      started_at: iso(startedAtMs),
      ended_at: endedAtMs === null ? null : iso(endedAtMs),
      http_status: httpStatus,
      error,
    })),
    next_attempt_at: status === 'pending' ? iso(nextAtMs) : null,
    created_at: iso(item.createdAtMs),
  };
}

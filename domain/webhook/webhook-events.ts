/**
 * Streams `webhook-<id>`: where alarms are sent, and the secret that signs them, sealed. Streams
 * `webhook_delivery-<webhook>.<event>`: every attempt to send one event to one of them. A started
 * attempt is a claim: the append says who sends, so that several processes do not all send.
 */

import { streamCategory } from '../stream/stream-category.ts';

export const webhookStreams = streamCategory('webhook');
export const deliveryStreams = streamCategory('webhook_delivery');

export type WebhookCreated = {
  type: 'WebhookCreated';
  data: {
    webhook_id: string;
    url: string;
    /** Null: all of them. */
    event_types: string[] | null;
    description: string | null;
    /** Sealed (I12). */
    secret: string;
  };
};

/** What is left out stays. */
export type WebhookUpdated = {
  type: 'WebhookUpdated';
  data: {
    webhook_id: string;
    url?: string;
    event_types?: string[] | null;
    description?: string | null;
  };
};

export type WebhookSecretRotated = {
  type: 'WebhookSecretRotated';
  data: { webhook_id: string; secret: string; previous_valid_until: string };
};

export type WebhookTestRequested = {
  type: 'WebhookTestRequested';
  data: { webhook_id: string; test_id: string };
};

export type WebhookArchived = { type: 'WebhookArchived'; data: { webhook_id: string } };

export type WebhookEvent =
  | WebhookCreated
  | WebhookUpdated
  | WebhookSecretRotated
  | WebhookTestRequested
  | WebhookArchived;

export type DeliveryStarted = {
  type: 'DeliveryStarted';
  data: {
    webhook_id: string;
    event_id: string;
    /** From 1. */
    attempt: number;
    /** The run of the process that sends. */
    run_id: string;
    started_at: string;
  };
};

export type DeliveryEnded = {
  type: 'DeliveryEnded';
  data: {
    webhook_id: string;
    event_id: string;
    attempt: number;
    ended_at: string;
    outcome: 'delivered' | 'failed';
    /** Null: no answer came. */
    http_status: number | null;
    /** A short code; null: none. */
    error: string | null;
    /** When it is tried again; null: never. */
    next_attempt_at: string | null;
  };
};

export type DeliveryEvent = DeliveryStarted | DeliveryEnded;

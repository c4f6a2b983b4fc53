import { describe, expect, it } from 'vitest';
import { decideOnWebhook, evolveWebhook, signingSecrets, type Webhook, wants } from './webhook.ts';
import type { WebhookEvent } from './webhook-events.ts';

const id = { webhook_id: 'whk_1' };
const created: WebhookEvent = {
  type: 'WebhookCreated',
  data: {
    ...{ ...id, url: 'https://a.example/', event_types: ['budget.overrun'], description: null },
    secret: 'first',
  },
};
const fold = (...events: WebhookEvent[]) =>
  [created, ...events].reduce<Webhook | undefined>(evolveWebhook, undefined) as Webhook;

describe('a webhook', () => {
  it('gets the types that it asked for, and none once it is archived', () => {
    const webhook = fold();
    expect(['budget.overrun', 'rate_store.away'].map((type) => wants(webhook, type))).toEqual([
      ...[true, false],
    ]);
    const all = fold({ type: 'WebhookUpdated', data: { ...id, event_types: null } });
    expect([all.url, wants(all, 'rate_store.away')]).toEqual(['https://a.example/', true]);
    const archived = fold({ type: 'WebhookArchived', data: id });
    expect(wants(archived, 'budget.overrun')).toBe(false);
  });

  it('signs with the secret before too, as long as it was said', () => {
    const data = { ...id, secret: 'second', previous_valid_until: '2026-01-01T00:00:00.000Z' };
    const rotated = fold({ type: 'WebhookSecretRotated', data });
    const untilMs = Date.parse('2026-01-01T00:00:00.000Z');
    expect(signingSecrets(rotated, untilMs - 1)).toEqual(['second', 'first']);
    expect(signingSecrets(rotated, untilMs)).toEqual(['second']);
    expect(signingSecrets(fold(), untilMs)).toEqual(['first']);
  });

  it('changes only while it lives', () => {
    const event = { type: 'WebhookArchived', data: id } as const;
    expect(decideOnWebhook(undefined, event)).toEqual({ refused: 'webhook_not_found' });
    expect(decideOnWebhook(fold(), event)).toBe(event);
    expect(decideOnWebhook(fold(event), event)).toEqual({ refused: 'webhook_archived' });
  });
});

/** Life of a webhook: the fold of `webhook-<id>` and what may happen to it. */
import type {
  WebhookArchived,
  WebhookEvent,
  WebhookSecretRotated,
  WebhookTestRequested,
  WebhookUpdated,
} from './webhook-events.ts';

export type Webhook = {
  webhook_id: string;
  url: string;
  event_types: readonly string[] | null;
  description: string | null;
  /** Sealed. */
  secret: string;
  /** Signs too, until then. */
  previous: { secret: string; valid_until: string } | null;
  archived: boolean;
};

/** @param state undefined before the first event */
export function evolveWebhook(state: Webhook | undefined, event: WebhookEvent): Webhook {
  if (event.type === 'WebhookCreated') return { ...event.data, previous: null, archived: false };
  if (state === undefined) throw new Error(`${event.type} before WebhookCreated`);
  switch (event.type) {
    case 'WebhookUpdated':
      return { ...state, ...event.data };
    case 'WebhookSecretRotated': {
      const previous = { secret: state.secret, valid_until: event.data.previous_valid_until };
      return { ...state, secret: event.data.secret, previous };
    }
    case 'WebhookTestRequested':
      return state;
    case 'WebhookArchived':
      return { ...state, archived: true };
    default:
      return event satisfies never;
  }
}

export function wants({ archived, event_types }: Webhook, eventType: string): boolean {
  return !archived && (event_types === null || event_types.includes(eventType));
}

/** The sealed secrets that sign now, the newest first. */
export function signingSecrets({ secret, previous }: Webhook, nowMs: number): string[] {
  const isValid = previous !== null && nowMs < Date.parse(previous.valid_until);
  return isValid ? [secret, previous.secret] : [secret];
}

export type WebhookRefusal = { refused: 'webhook_not_found' | 'webhook_archived' };

/** An event of a webhook that exists and is not archived. */
export function decideOnWebhook<
  E extends WebhookUpdated | WebhookSecretRotated | WebhookTestRequested | WebhookArchived,
>(state: Webhook | undefined, event: E): E | WebhookRefusal {
  if (state === undefined) return { refused: 'webhook_not_found' };
  return state.archived ? { refused: 'webhook_archived' } : event;
}

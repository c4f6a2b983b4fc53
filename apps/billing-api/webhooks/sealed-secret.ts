/** A webhook's secret as it is stored, and as it signs (I12). */
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { webhookSecretText } from '@tollgate/adapters/webhooks/webhook-secret.ts';

/** Bound to the webhook, so that no event can move a secret to another URL. */
function labelOf(webhookId: string): string {
  return `webhook|${webhookId}`;
}

export function sealSecret(
  secrets: Pick<Secrets, 'seal'>,
  webhookId: string,
  bytes: Uint8Array,
): string {
  return secrets.seal(labelOf(webhookId), bytes);
}

/** @throws Error if this installation did not seal it for this webhook */
export function secretTextOf(
  secrets: Pick<Secrets, 'unseal'>,
  webhookId: string,
  sealed: string,
): string {
  return webhookSecretText(secrets.unseal(labelOf(webhookId), sealed));
}

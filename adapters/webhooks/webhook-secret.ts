/** The text of a webhook's secret, as Standard Webhooks writes it. */

/** Bytes: the library takes 24 to 64. */
export const WEBHOOK_SECRET_BYTES = 32;

export function webhookSecretText(bytes: Uint8Array): string {
  return `whsec_${Buffer.from(bytes).toString('base64')}`;
}

const SECRET = /^whsec_([A-Za-z0-9+/]{32,86}={0,2})$/;

/** Whether a secret that an operator wrote is one. */
export function isWebhookSecret(text: string): boolean {
  const bytes = Buffer.from(SECRET.exec(text)?.[1] ?? '', 'base64').length;
  return bytes >= 24 && bytes <= 64;
}

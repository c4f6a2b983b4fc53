/** The text of a webhook's secret, as Standard Webhooks writes it. */

/** Bytes: the library takes 24 to 64. */
export const WEBHOOK_SECRET_BYTES = 32;

export function webhookSecretText(bytes: Uint8Array): string {
  return `whsec_${Buffer.from(bytes).toString('base64')}`;
}

/** What the API needs of the payment system that the configuration names. */
import type { PaymentSettings } from '@tollgate/adapters/config/payment-settings.ts';
import type { PaymentDeps } from './payment-deps.ts';

/** The client of the payment system is loaded only if its webhooks are taken. */
export async function paymentDeps(
  settings: PaymentSettings | null,
): Promise<PaymentDeps | undefined> {
  if (settings === null) return undefined;
  const { policy, webhookSecret, meterReportsSecret, suspendAfterMs } = settings;
  const secret = webhookSecret ?? meterReportsSecret;
  if (secret === null) return { policy, suspendAfterMs, readNotice: null };
  const { stripeWebhook } = await import('@tollgate/adapters/payments/stripe-webhook.ts');
  return {
    policy,
    suspendAfterMs,
    readNotice: stripeWebhook(secret, meterReportsSecret ?? secret),
  };
}

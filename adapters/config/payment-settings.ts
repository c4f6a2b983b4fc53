/** Where and how invoices are exported, from the configuration. */
import type { ExportPolicy, PaidCredits } from '@tollgate/domain/payment/payment-events.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import type { StripeOptions } from '../payments/stripe-payments.ts';
import { resolveSecret } from './load-config.ts';

export type PaymentSettings = {
  stripe: StripeOptions;
  /** Null: no webhook is taken. */
  webhookSecret: string | null;
  /** Null: reports of meters have the same. */
  meterReportsSecret: string | null;
  policy: ExportPolicy;
  /** Where a credit of what was paid goes. */
  paidCredits: PaidCredits;
  /** Invoices issued from then on are exported by themselves, Unix ms; null: none is. */
  automaticSinceMs: number | null;
  /** How long after it was due an invoice may stay unpaid, ms; null: no key is suspended. */
  suspendAfterMs: number | null;
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** Lines that an invoice may have at Stripe. */
const LINES_MAX = 250;
/** Lines of one request: Stripe states no bound; some 40 KB of form. */
const CHUNK_LINES = 100;

/**
 * @returns null: nothing is exported
 * @throws ConfigError naming the secret that is missing
 */
export function paymentSettings(
  { payments: { stripe, mode } }: Pick<TollgateConfig, 'payments'>,
  environment: Readonly<Record<string, string | undefined>>,
): PaymentSettings | null {
  if (stripe === undefined) return null;
  const { webhook_secret, meter_reports_secret, export_since: since, dunning } = stripe;
  const known = (given: typeof webhook_secret) =>
    given === undefined ? null : resolveSecret(given, environment);
  return {
    stripe: { secretKey: resolveSecret(stripe.secret_key, environment), baseUrl: stripe.base_url },
    webhookSecret: known(webhook_secret),
    meterReportsSecret: known(meter_reports_secret),
    policy: {
      collection: stripe.collection,
      days_until_due: stripe.days_until_due,
      automatic_tax: stripe.automatic_tax,
      zero: stripe.zero_invoices,
      below_minimum: stripe.below_minimum,
      negative: stripe.negative_invoices,
      customers: stripe.customers,
      lines_max: LINES_MAX,
      chunk_lines: CHUNK_LINES,
      ...(mode === 'meter_events' ? { meters: { ...stripe.meters } } : {}),
    },
    paidCredits: stripe.paid_credits,
    suspendAfterMs: dunning === undefined ? null : dunning.suspend_after_days * DAY_MS,
    automaticSinceMs: since === undefined ? null : Date.parse(since),
  };
}

/** `payments` of `tollgate.yaml`: where invoices are exported to, and how (docs/stripe.md). */
import { z } from 'zod';
import { summedQuantities } from '../billing/snapshot.ts';
import { instantOrDateUtc } from '../time/instant.ts';
import { secret } from './engines-config.ts';

const METERED: readonly string[] = [...Object.keys(summedQuantities), 'cost_pico_usd'];

const meteredQuantity = z
  .string()
  .refine((name) => METERED.includes(name), `one of: ${METERED.join(', ')}`);

const stripe = z.strictObject({
  /** A secret or restricted key of Stripe. */
  secret_key: secret,
  /** Of the webhook endpoint that leads to `/v1/stripe/webhooks`. Without it that path takes nothing. */
  webhook_secret: secret.optional(),
  /** Of the event destination for reports of meters that leads there too: Stripe gives it a secret of its own. */
  meter_reports_secret: secret.optional(),
  /** Default: Stripe's own. */
  base_url: z
    .url({ protocol: /^https?$/, error: 'write an http or https URL, without a path' })
    .refine((url) => new URL(url).pathname === '/', 'no path: the client adds it')
    .optional(),
  /** Invoices issued from then on are exported by themselves; default: only those that are asked for. */
  export_since: instantOrDateUtc.optional(),
  /** Whether customers are sent their invoice, or charged. */
  collection: z.enum(['send', 'charge']).default('send'),
  /** Of invoices that are sent. */
  days_until_due: z.int().min(0).max(3_650).default(30),
  /** Whether Stripe Tax works out the tax. */
  automatic_tax: z.boolean().default(false),
  /** Whether customers are made in Stripe, or have to be there. */
  customers: z.enum(['create', 'existing']).default('create'),
  /** An invoice over nothing is not made there, or is made and counts as paid. */
  zero_invoices: z.enum(['skip', 'invoice']).default('skip'),
  /** Below the least charge: an invoice, which Stripe carries on; or an entry of the balance. */
  below_minimum: z.enum(['invoice', 'customer_balance']).default('invoice'),
  /**
   * Suspends the keys of a customer so many days after an unpaid invoice was due, and resumes them when
   * nothing is overdue any more. Default: no key is ever suspended.
   */
  dunning: z.strictObject({ suspend_after_days: z.int().min(0).max(3_650) }).optional(),
  /**
   * Event names of meters, by quantity; in `mode: meter_events`. `cost_pico_usd` is the cost before any mark-up
   * in 10⁻¹² dollars.
   */
  meters: z.record(meteredQuantity, z.string().min(1).max(100)).optional(),
  /** A credit note over what was paid: onto the customer's balance, back to the card, or outside of Stripe. */
  paid_credits: z.enum(['customer_balance', 'refund', 'outside']).default('customer_balance'),
  /** A total below zero: credited to the balance, or an invoice, which Stripe credits. */
  negative_invoices: z.enum(['customer_balance', 'invoice']).default('customer_balance'),
});

export const payments = z
  .strictObject({
    /** Invoices as they are, or the usage behind them, which Stripe rates by its own prices. */
    mode: z.enum(['invoices', 'meter_events']).default('invoices'),
    stripe: stripe.optional(),
  })
  .superRefine(({ mode, stripe: settings }, context) => {
    const hasMeters = Object.keys(settings?.meters ?? {}).length > 0;
    if (mode === 'invoices' || hasMeters) return;
    const message = 'say which quantity goes to which meter, such as output_tokens: llm_output';
    context.addIssue({ code: 'custom', path: ['stripe', 'meters'], message });
  });

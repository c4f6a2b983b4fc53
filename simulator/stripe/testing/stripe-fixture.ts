/** A fake Stripe with the official client on it, for the tests of this package. */
import Stripe from 'stripe';
import { SimulatedClock } from '../clock.ts';
import { type RunningStripe, type StartOptions, startStripe } from '../start.ts';

export interface StripeFixture {
  readonly fake: RunningStripe;
  readonly clock: SimulatedClock;
  /** Retries nothing by itself, but for a closed connection, which the client always tries again once. */
  readonly stripe: Stripe;
}

export async function startFixture(options: StartOptions = {}): Promise<StripeFixture> {
  const clock = new SimulatedClock();
  const fake = await startStripe({ clock, ...options });
  const stripe = new Stripe('sk_test_fake', {
    ...fake.client,
    maxNetworkRetries: 0,
    telemetry: false,
  });
  return { fake, clock, stripe };
}

/** A customer with a draft of these amounts. */
export async function draft(
  { stripe }: StripeFixture,
  amounts: readonly number[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ customer: Stripe.Customer; invoice: Stripe.Invoice }> {
  const customer = await stripe.customers.create({ name: 'Acme', metadata: { tenant: 'acme' } });
  const made = await stripe.invoices.create({
    customer: customer.id,
    currency: 'usd',
    auto_advance: false,
    pending_invoice_items_behavior: 'exclude',
    ...more,
  });
  if (amounts.length === 0) return { customer, invoice: made };
  const lines = amounts.map((amount, index) => ({ amount, description: `row ${index}` }));
  return { customer, invoice: await stripe.invoices.addLines(made.id, { lines }) };
}

/** The exporter with Stripe's official client over HTTP, against a fake that keeps Stripe's rules. */
import { openStripe } from '@tollgate/adapters/payments/stripe-payments.ts';
import { stripeWebhook } from '@tollgate/adapters/payments/stripe-webhook.ts';
import { webhookApp } from '@tollgate/billing-api/payments/testing/webhook-app.ts';
import { type RunningStripe, startStripe } from '@tollgate/simulator/stripe/start.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { ExporterHouse, POLICY } from './testing/exporter-house.ts';

const open: { stop: () => Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});

type Scene = { fake: RunningStripe; house: ExporterHouse };

async function scene(): Promise<Scene> {
  let nowMs = () => 0;
  const fake = await startStripe({
    clock: { nowMs: () => nowMs(), sleep: () => Promise.resolve() },
  });
  open.push(fake);
  const payments = openStripe({ secretKey: 'sk_test_fake', baseUrl: fake.url });
  const house = new ExporterHouse(payments);
  nowMs = () => house.nowMs;
  return { fake, house };
}

type Invoice = {
  status: string;
  total: number;
  auto_advance: boolean;
  lines: { amount: number; description: string }[];
};

function invoicesOf(fake: RunningStripe): Invoice[] {
  return fake.state().invoices as unknown as Invoice[];
}

describe('an invoice at Stripe', () => {
  // parabol#6826, storj#6500: with 251 lines the invoice broke.
  it.each([
    [251, 'USD', {}],
    [5_000, 'USD', {}],
    [3, 'JPY', {}],
    [3, 'KWD', {}],
    [3, 'EUR', { collection: 'charge' as const }],
  ])('of %i lines in %s has its lines and its total, and is finalized once', async (...given) => {
    const [count, currency, more] = given;
    const { fake, house } = await scene();
    const amounts = Array.from({ length: count }, (_, i) => 1_000 + 10 * ((i * 7_919) % 997));
    await house.issue(amounts, { currency, policy: { ...POLICY, ...more } });
    const { done, finalized } = await house.exportAll(house.exporter('run_a'));
    const sum = amounts.reduce((total, amount) => total + amount, 0);
    const [invoice, ...others] = invoicesOf(fake);
    expect([done, finalized?.subtotal_minor, others.length]).toEqual(['invoice', sum, 0]);
    expect([invoice?.status, invoice?.total, invoice?.lines.length]).toEqual([
      ...['open', sum],
      Math.min(250, count),
    ]);
    expect(invoice?.lines.reduce((total, { amount }) => total + amount, 0)).toBe(sum);
    const isSent = fake.state().events.some(({ type }) => type === 'invoice.sent');
    expect([isSent, invoice?.auto_advance]).toEqual(
      currency === 'EUR' ? [false, true] : [true, false],
    );
  });

  it('of 0.49 is carried on by Stripe, and of −0.01 credited to the balance', async () => {
    const small = await scene();
    await small.house.issue([49]);
    const { payment } = await small.house.exportAll(small.house.exporter('run_a'));
    expect([payment?.status, payment?.amountDueMinor]).toEqual(['paid', 0]);
    const negative = await scene();
    await negative.house.issue([-1]);
    expect((await negative.house.exportAll(negative.house.exporter('run_a'))).done).toBe('balance');
    expect(negative.fake.state()).toMatchObject({
      invoices: [],
      balanceTransactions: [{ amount: -1, metadata: { tollgate_invoice_id: 'inv_1' } }],
    });
  });

  it('goes to the customer who is there already, or to none', async () => {
    const { house } = await scene();
    await house.issue([100], { policy: { ...POLICY, customers: 'existing' } });
    const { stopped } = await house.exportAll(house.exporter('run_a'));
    expect(stopped).toMatchObject({ step: 'customer', reason: 'customer_unmapped' });
  });

  it('that Stripe refuses to finalize stops, and says why', async () => {
    const { fake, house } = await scene();
    await house.issue([100], { policy: { ...POLICY, automatic_tax: true } });
    const { stopped } = await house.exportAll(house.exporter('run_a'));
    expect(stopped?.detail).toContain('customer_tax_location_invalid');
    expect(invoicesOf(fake).map(({ status }) => status)).toEqual(['draft']);
  });
});

describe('webhooks of payments', () => {
  async function listening({ fake, house }: Scene): Promise<{ secret: string; url: string }> {
    const secret = { value: '' };
    const stores = { ledger: house.ledger, exports: house.index, clock: () => house.nowMs };
    const app = webhookApp(stores, (...notice) => stripeWebhook(secret.value)(...notice));
    const url = `${await app.listen({ port: 0 })}/v1/stripe/webhooks`;
    open.push({ stop: () => app.close() });
    const made = await fetch(`${fake.url}/v1/webhook_endpoints`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer sk_test_fake',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ url, 'enabled_events[0]': '*' }),
    });
    secret.value = ((await made.json()) as { secret: string }).secret;
    return { secret: secret.value, url };
  }

  async function paid(): Promise<Scene & { url: string }> {
    const both = await scene();
    const { url } = await listening(both);
    await both.house.issue([120, 30]);
    const { draft } = await both.house.exportAll(both.house.exporter('run_a'));
    both.house.nowMs += 60_000;
    both.fake.dashboard.failPayment(draft ?? '');
    both.house.nowMs += 60_000;
    both.fake.dashboard.pay(draft ?? '');
    return { ...both, url };
  }

  it('that come twice and in reverse leave the state that is true', async () => {
    const { fake, house } = await paid();
    const answers = await fake.webhooks.deliver((all) => [...all, ...all].reverse());
    expect(answers.length).toBeGreaterThan(10);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(house.state().payment).toMatchObject({
      ...{ status: 'paid', amountDueMinor: 150, amountPaidMinor: 150, attempts: 2 },
    });
    const reports = house.ledger
      .types('invoice_export-inv_1')
      .filter((t) => t === 'PaymentReported');
    expect(reports).toHaveLength(1);
  });

  it('that nobody signed, or that were signed long ago, are refused and change nothing', async () => {
    const { fake, house, url } = await paid();
    const [waiting] = fake.webhooks.pending().slice(-1);
    const post = async (signature: string, body = waiting?.payload ?? '') => {
      const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
      return (await fetch(url, { method: 'POST', headers, body })).status;
    };
    const { signature = '', payload = '' } = waiting ?? {};
    house.nowMs += 301_000;
    const late = await post(signature);
    house.nowMs -= 301_000;
    const forged = await post(signature, payload.replace('"inv_1"', '"inv_2"'));
    const none = await post('t=1,v1=00');
    expect([late, forged, none]).toEqual([400, 400, 400]);
    expect(house.state().payment?.status).toBe('open');
    expect(await post(signature)).toBe(200);
    expect(house.state().payment?.status).toBe('paid');
  });

  it('about invoices of somebody else are taken and forgotten', async () => {
    const { fake, house } = await paid();
    const other = await fetch(`${fake.url}/v1/customers`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_fake' },
      body: new URLSearchParams({ name: 'other' }),
    });
    const { id } = (await other.json()) as { id: string };
    await fetch(`${fake.url}/v1/invoices`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_fake' },
      body: new URLSearchParams({ customer: id }),
    });
    const before = house.ledger.events.length;
    const answers = await fake.webhooks.deliver((all) =>
      all.filter(({ event }) => event.type === 'invoice.created').slice(-1),
    );
    expect(answers.map(({ status }) => status)).toEqual([200]);
    expect(house.ledger.events.length).toBe(before);
  });
});

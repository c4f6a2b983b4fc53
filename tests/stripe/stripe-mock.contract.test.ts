import { SimulatedClock } from '@tollgate/simulator/stripe/clock.ts';
import { type RunningStripe, startStripe } from '@tollgate/simulator/stripe/start.ts';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shapeDifferences } from './shape.ts';
import { replay, type StripeMock, startStripeMock, stripeMockUnavailable } from './stripe-mock.ts';

const unavailable = stripeMockUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: the fake Stripe. ${unavailable}`);

interface Exchange {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly form: string;
  readonly body: unknown;
}

/** Where the fixtures leave out, or fill in, what the description makes optional. */
const EXPECTED = [
  // Told only when the endpoint is made.
  'POST /v1/webhook_endpoints secret: only here',
  // A page token is null on the last page.
  'GET /v1/invoices/search next_page: only here',
  'GET /v1/customers/search next_page: only here',
  'GET /v1/invoices/search total_count: only there',
  'GET /v1/customers/search total_count: only there',
].toSorted();

describe.skipIf(unavailable !== null)('the fake Stripe and stripe-mock', () => {
  let mock: StripeMock;
  let fake: RunningStripe;
  const exchanges: Exchange[] = [];

  beforeAll(async () => {
    mock = await startStripeMock();
    const clock = new SimulatedClock();
    fake = await startStripe({ clock });
    const recording: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const url = new URL(String(input));
      const { method = 'GET' } = init ?? {};
      const form = method === 'POST' ? String(init?.body ?? '') : url.search.slice(1);
      const name = `${method} ${url.pathname.replaceAll(/\b[a-z]+_fake\d+/g, '{}')}`;
      exchanges.push({
        name,
        method,
        path: url.pathname,
        form,
        body: await response.clone().json(),
      });
      return response;
    };
    const httpClient = Stripe.createFetchHttpClient(recording);
    await converse(
      new Stripe('sk_test_fake', { ...fake.client, httpClient, telemetry: false }),
      fake,
      clock,
    );
  }, 60_000);
  afterAll(async () => {
    await fake?.stop();
    await mock?.stop();
  });

  it('sends nothing that Stripe’s description of its API refuses', async () => {
    const refused = [];
    for (const exchange of exchanges) {
      const { status, body } = await replay(mock, exchange);
      if (status !== 200) refused.push([exchange.name, exchange.form, body]);
    }
    expect(refused).toEqual([]);
    expect(new Set(exchanges.map(({ name }) => name)).size).toBeGreaterThanOrEqual(38);
  });

  it('answers with the members of Stripe’s objects, and their types', async () => {
    const differences = new Set<string>();
    for (const exchange of exchanges) {
      const { body } = await replay(mock, exchange);
      for (const difference of shapeDifferences(exchange.body, body)) {
        differences.add(`${exchange.name} ${difference}`);
      }
    }
    expect([...differences].toSorted()).toEqual(EXPECTED);
  });

  it('has each parameter of its own refused by stripe-mock too, where it is unknown', async () => {
    const { status } = await replay(mock, {
      method: 'POST',
      path: '/v1/invoices',
      form: 'customer=c&currencyy=usd',
    });
    expect(status).toBe(400);
  });
});

/** Every route that the fake has, each with the parameters that an exporter has a use for. */
async function converse(stripe: Stripe, fake: RunningStripe, clock: SimulatedClock): Promise<void> {
  const customer = await customers(stripe, clock);
  const invoice = await draftOf(stripe, customer.id);
  clock.advance(60_000);
  await stripe.invoices.search({ query: "metadata['snapshot']:'s1'", limit: 1 });
  await stripe.invoices.finalizeInvoice(invoice.id, { auto_advance: false });
  await stripe.invoices.sendInvoice(invoice.id);
  const line = (await stripe.invoices.listLineItems(invoice.id)).data[0]?.id ?? '';
  await creditNotes(stripe, invoice.id, line);
  await stripe.invoices.pay(invoice.id, { paid_out_of_band: true });
  await stripe.invoices.list({
    customer: customer.id,
    status: 'paid',
    created: { gte: 1 },
    limit: 1,
  });
  await ends(stripe, customer.id);
  await webhooks(stripe);
  await meters(stripe, customer.id);
  await stripe.customers.del(customer.id);
  expect(fake.requests.every(({ status }) => status === 200)).toBe(true);
}

async function customers(stripe: Stripe, clock: SimulatedClock): Promise<Stripe.Customer> {
  const customer = await stripe.customers.create({
    name: 'Acme',
    email: 'billing@acme.example',
    description: 'tenant acme',
    phone: '+1 555',
    preferred_locales: ['en'],
    tax_exempt: 'none',
    address: {
      city: 'Berlin',
      country: 'DE',
      line1: 'A 1',
      line2: 'B',
      postal_code: '1',
      state: 'B',
    },
    metadata: { tenant: 'acme' },
  });
  await stripe.customers.update(customer.id, { metadata: { tenant: 'acme', more: '1' } });
  await stripe.customers.retrieve(customer.id);
  await stripe.customers.list({ email: 'billing@acme.example', limit: 1 });
  clock.advance(60_000);
  await stripe.customers.search({ query: "metadata['tenant']:'acme'", limit: 1 });
  const balance = { amount: -100, currency: 'usd', description: 'a credit', metadata: { a: '1' } };
  const { id } = await stripe.customers.createBalanceTransaction(customer.id, balance);
  await stripe.customers.retrieveBalanceTransaction(customer.id, id);
  await stripe.customers.updateBalanceTransaction(customer.id, id, { description: 'changed' });
  await stripe.customers.listBalanceTransactions(customer.id, { limit: 1 });
  return customer;
}

async function draftOf(stripe: Stripe, customer: string): Promise<Stripe.Invoice> {
  const { id } = await stripe.invoices.create({
    customer,
    currency: 'usd',
    auto_advance: false,
    automatic_tax: { enabled: true },
    collection_method: 'send_invoice',
    custom_fields: [{ name: 'Snapshot', value: 's1' }],
    days_until_due: 30,
    description: 'November 2026',
    effective_at: 1_796_083_200,
    footer: 'thank you',
    metadata: { snapshot: 's1' },
    number: 'T-2026-0001',
    pending_invoice_items_behavior: 'exclude',
    statement_descriptor: 'TOLLGATE',
  });
  const period = { start: 1_793_491_200, end: 1_796_083_199 };
  const made = await stripe.invoices.addLines(id, {
    invoice_metadata: { snapshot: 's1', chunk: '1' },
    lines: [
      {
        amount: 1_000,
        description: 'input',
        discountable: false,
        metadata: { row: '0' },
        period,
        quantity: 1,
      },
      { amount: 200, description: 'output', period },
    ],
  });
  const [first, second] = made.lines.data;
  await stripe.invoices.updateLines(id, {
    lines: [{ id: first?.id ?? '', amount: 900, description: 'changed' }],
  });
  await stripe.invoices.updateLineItem(id, second?.id ?? '', { amount: 300 });
  await stripe.invoices.removeLines(id, { lines: [{ id: second?.id ?? '', behavior: 'delete' }] });
  const item = await stripe.invoiceItems.create({
    customer,
    invoice: id,
    amount: 5,
    currency: 'usd',
    description: 'item',
    period,
    metadata: { a: '1' },
  });
  await stripe.invoiceItems.retrieve(item.id);
  await stripe.invoiceItems.update(item.id, { amount: 6, description: 'item' });
  await stripe.invoiceItems.list({ invoice: id, limit: 1 });
  await stripe.invoiceItems.del(item.id);
  await stripe.invoices.update(id, {
    description: 'November',
    metadata: { snapshot: 's1', more: '' },
  });
  await stripe.invoices.listLineItems(id, { limit: 100, starting_after: first?.id ?? '' });
  return stripe.invoices.retrieve(id);
}

async function creditNotes(stripe: Stripe, invoice: string, line: string): Promise<void> {
  const note = await stripe.creditNotes.create({
    invoice,
    lines: [{ type: 'invoice_line_item', invoice_line_item: line, amount: 100 }],
    memo: 'late credit',
    metadata: { credit: 'c1' },
    reason: 'order_change',
  });
  await stripe.creditNotes.update(note.id, { memo: 'credit', metadata: { credit: 'c2' } });
  await stripe.creditNotes.retrieve(note.id);
  await stripe.creditNotes.listLineItems(note.id, { limit: 1 });
  await stripe.creditNotes.list({ invoice, limit: 1 });
  await stripe.creditNotes.voidCreditNote(note.id);
}

async function ends(stripe: Stripe, customer: string): Promise<void> {
  const empty = { customer, currency: 'usd', auto_advance: false } as const;
  const deleted = await stripe.invoices.create(empty);
  await stripe.invoices.del(deleted.id);
  for (const end of ['void', 'uncollectible'] as const) {
    const { id } = await stripe.invoices.create(empty);
    await stripe.invoices.addLines(id, { lines: [{ amount: 500 }] });
    await stripe.invoices.finalizeInvoice(id);
    await (end === 'void'
      ? stripe.invoices.voidInvoice(id)
      : stripe.invoices.markUncollectible(id));
  }
}

async function webhooks(stripe: Stripe): Promise<void> {
  const endpoint = await stripe.webhookEndpoints.create({
    url: 'https://tollgate.example/stripe',
    enabled_events: ['invoice.paid', 'invoice.payment_failed'],
    description: 'tollgate',
    metadata: { a: '1' },
  });
  await stripe.webhookEndpoints.update(endpoint.id, { disabled: true });
  await stripe.webhookEndpoints.retrieve(endpoint.id);
  await stripe.webhookEndpoints.list({ limit: 1 });
  await stripe.webhookEndpoints.del(endpoint.id);
  const { data } = await stripe.events.list({ type: 'invoice.finalized', limit: 1 });
  await stripe.events.retrieve(data[0]?.id ?? '');
}

/** Of v2 stripe-mock knows nothing. */
async function meters(stripe: Stripe, customer: string): Promise<void> {
  await stripe.billing.meters.create({
    display_name: 'Tokens',
    event_name: 'tokens',
    default_aggregation: { formula: 'sum' },
  });
  await stripe.billing.meterEvents.create({
    event_name: 'tokens',
    identifier: 'inv_1:0',
    payload: { stripe_customer_id: customer, value: '25' },
  });
  await stripe.billing.meterEventAdjustments.create({
    event_name: 'tokens',
    type: 'cancel',
    cancel: { identifier: 'inv_1:0' },
  });
}

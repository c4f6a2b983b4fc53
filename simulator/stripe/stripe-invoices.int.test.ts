import { afterAll, beforeAll, expect, it } from 'vitest';
import { draft, type StripeFixture, startFixture } from './testing/stripe-fixture.ts';

let fixture: StripeFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.fake.stop());

it('makes a draft, fills it, finalizes it with a number and takes its payment', async () => {
  const { stripe, fake } = fixture;
  const { invoice, customer } = await draft(fixture, [1_000, 234], {
    metadata: { snapshot: 's1' },
  });
  expect(invoice).toMatchObject({
    status: 'draft',
    number: null,
    subtotal: 1_234,
    total: 1_234,
    metadata: { snapshot: 's1' },
  });
  const open = await stripe.invoices.finalizeInvoice(invoice.id);
  expect(open).toMatchObject({ status: 'open', amount_due: 1_234, amount_remaining: 1_234 });
  expect(open.number).toBe(`${customer.invoice_prefix}-0001`);
  fake.dashboard.pay(invoice.id);
  const paid = await stripe.invoices.retrieve(invoice.id, { expand: ['customer'] });
  expect(paid).toMatchObject({
    status: 'paid',
    amount_paid: 1_234,
    amount_remaining: 0,
    customer: { name: 'Acme' },
  });
});

it.each([
  ['250 lines fit, in chunks', 250, 0],
  ['the 251st line is refused, and its whole chunk with it', 251, 150],
])('%s', async (_, count, left) => {
  const { stripe } = fixture;
  const { invoice } = await draft(fixture, []);
  const add = (from: number, to: number): Promise<unknown> =>
    stripe.invoices.addLines(invoice.id, {
      lines: Array.from({ length: to - from }, (_none, index) => ({
        amount: 1,
        description: `row ${from + index}`,
      })),
    });
  await add(0, 150);
  const second = await add(150, count).then(
    () => 'added',
    (cause: Error) => cause.message,
  );
  const lines = await stripe.invoices
    .listLineItems(invoice.id, { limit: 100 })
    .autoPagingToArray({ limit: 1_000 });
  const kept = left === 0 ? count : left;
  expect({ second, rows: lines.map((line) => line.description) }).toEqual({
    second: left === 0 ? 'added' : 'Invoices can have up to 250 line items.',
    rows: Array.from({ length: kept }, (_none, index) => `row ${index}`),
  });
});

it.each([
  [
    'a negative invoice is paid, and its amount is credited to the balance',
    'usd',
    -1,
    'paid',
    0,
    -1,
  ],
  ['a zero invoice is paid at once', 'usd', 0, 'paid', 0, 0],
  ['what is below the smallest charge is paid, and owed on the balance', 'usd', 49, 'paid', 0, 49],
  ['the smallest charge stays open', 'usd', 50, 'open', 50, 0],
  ['yen have no minor unit', 'jpy', 50, 'open', 50, 0],
])('%s', async (_, currency, amount, status, due, balance) => {
  const { invoice, customer } = await draft(fixture, [amount], { currency });
  const done = await fixture.stripe.invoices.finalizeInvoice(invoice.id);
  expect({ status: done.status, due: done.amount_due, ending: done.ending_balance }).toEqual({
    status,
    due,
    ending: balance,
  });
  expect((await fixture.stripe.customers.retrieve(customer.id)) as object).toMatchObject({
    balance,
  });
});

it('a three-decimal amount that does not end in 0 is refused', async () => {
  const { invoice } = await draft(fixture, [1_230], { currency: 'kwd' });
  const odd = fixture.stripe.invoices.addLines(invoice.id, { lines: [{ amount: 1_234 }] });
  await expect(odd).rejects.toMatchObject({
    type: 'StripeInvalidRequestError',
    code: 'invalid_amount',
  });
});

it.each([
  [
    'finalize',
    async (id: string) => fixture.stripe.invoices.finalizeInvoice(id),
    'invoice_not_editable',
  ],
  [
    'add lines',
    async (id: string) => fixture.stripe.invoices.addLines(id, { lines: [{ amount: 1 }] }),
    'invoice_not_editable',
  ],
  [
    'change the description of',
    async (id: string) => fixture.stripe.invoices.update(id, { description: 'x' }),
    'invoice_not_editable',
  ],
  ['delete', async (id: string) => fixture.stripe.invoices.del(id), 'invoice_not_editable'],
])('refuses to %s a finalized invoice', async (_, act, code) => {
  const { invoice } = await draft(fixture, [500]);
  await fixture.stripe.invoices.finalizeInvoice(invoice.id);
  await expect(act(invoice.id)).rejects.toMatchObject({ statusCode: 400, code });
});

it('finds by metadata with a list at once, and with search only after its delay', async () => {
  const { stripe, clock } = fixture;
  const { customer, invoice } = await draft(fixture, [500], { metadata: { snapshot: 'late' } });
  const query = `metadata['snapshot']:'late'`;
  const atOnce = await stripe.invoices.search({ query });
  clock.advance(60_000);
  const later = await stripe.invoices.search({ query });
  const listed = await stripe.invoices.list({ customer: customer.id });
  expect([atOnce, later, listed].map(({ data }) => data.map(({ id }) => id))).toEqual([
    [],
    [invoice.id],
    [invoice.id],
  ]);
});

it.each([
  ['an unknown parameter', { currencyy: 'usd' }, { code: 'parameter_unknown', param: 'currencyy' }],
  ['a missing customer', { customer: 'cus_none' }, { code: 'resource_missing', param: 'customer' }],
  ['metadata with a long value', { metadata: { a: 'x'.repeat(501) } }, { param: 'metadata' }],
  ['metadata with a long key', { metadata: { ['k'.repeat(41)]: 'x' } }, { param: 'metadata' }],
  [
    'metadata with 51 keys',
    { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'x'])) },
    { param: 'metadata' },
  ],
])('refuses %s', async (_, more, refusal) => {
  await expect(draft(fixture, [], more)).rejects.toMatchObject({
    statusCode: 400,
    type: 'StripeInvalidRequestError',
    ...refusal,
  });
});

it('credits a paid invoice to the balance, and an open one by what it still asks for', async () => {
  const { stripe, fake } = fixture;
  const { invoice, customer } = await draft(fixture, [1_000]);
  await stripe.invoices.finalizeInvoice(invoice.id);
  const first = await stripe.creditNotes.create({ invoice: invoice.id, amount: 300 });
  expect(first).toMatchObject({ type: 'pre_payment', pre_payment_amount: 300, status: 'issued' });
  fake.dashboard.pay(invoice.id);
  const second = await stripe.creditNotes.create({
    invoice: invoice.id,
    amount: 200,
    credit_amount: 200,
  });
  expect(second).toMatchObject({ type: 'post_payment', post_payment_amount: 200 });
  expect((await stripe.customers.retrieve(customer.id)) as object).toMatchObject({ balance: -200 });
  await expect(
    stripe.creditNotes.create({ invoice: invoice.id, amount: 501, credit_amount: 501 }),
  ).rejects.toMatchObject({ param: 'amount' });
});

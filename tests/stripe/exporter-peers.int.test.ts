/** What went wrong between other exporters and Stripe, with ours and the fake Stripe. */
import { afterEach, expect, it } from 'vitest';
import { HOUR_MS, type Scenario, StripeHouse } from './export-house.ts';
import { TAXED } from './export-scenarios.ts';
import { outcomeOf } from './stripe-outcome.ts';

const open: StripeHouse[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((house) => house.close()));
});

async function opened(scenario: Scenario): Promise<StripeHouse> {
  const house = await StripeHouse.open(scenario);
  open.push(house);
  return house;
}

/** As a person with the official API would: without the exporter's knowledge. */
async function byHand(
  house: StripeHouse,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<void> {
  const response = await fetch(`${house.stripe.url}${path}`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk_test_fake' },
    body: new URLSearchParams(form),
  });
  expect(response.status).toBe(200);
}

// autumn PR#3473: Stripe saved a 429 of an object that was held under the key of the request, and answered
// it again for a day, so the lines never came.
it('goes on within minutes after a 429 that Stripe has saved', async () => {
  const house = await opened({ amounts: [120, 30] });
  const startMs = house.house.nowMs;
  house.stripe.faults.add({ route: 'add_lines', fault: { kind: 'locked' }, times: 1 });
  const { done } = await house.run('run_a');
  expect({ done, late: house.house.nowMs - startMs > HOUR_MS }).toEqual({
    done: 'invoice',
    late: false,
  });
  expect(outcomeOf(house).invoices.map(({ total }) => total)).toEqual([150]);
});

// crbnos/carbon PR#1444, storj#6501, openmeter PR#2769: five writes in a row without a key; a repetition made
// a second draft with a second set of lines.
it('repeats each of its requests without a second draft or a second line', async () => {
  const house = await opened({ amounts: [120, 30, 7, 1] });
  for (let request = 1; request <= 40; request += 2) {
    house.stripe.faults.add({ request, fault: { kind: 'lost_response', how: 'garbled' } });
  }
  await house.run('run_a');
  expect(outcomeOf(house).invoices.map(({ total, lines }) => [total, lines.length])).toEqual([
    [158, 4],
  ]);
});

// crbnos/carbon#252: the key of a customer was trusted beyond the day for which Stripe keeps it, and the
// customer was made twice.
it('makes a customer once, although the answer was lost a day ago', async () => {
  const house = await opened({ amounts: [120] });
  await house.runAndDie('run_a', 4);
  expect(house.stripe.state().customers).toHaveLength(1);
  house.house.nowMs += 49 * HOUR_MS;
  await house.run('run_b');
  expect(outcomeOf(house)).toMatchObject({ customers: 1, done: 'invoice' });
});

// InvoicePlane#1677, Paymenter#1258, autumn#1159: every currency was multiplied by 100, so that yen were
// charged a hundred times.
it.each([
  ['yen are asked for as they are', 'JPY', [1_999], 1_999],
  ['a dinar has a thousand parts, and at Stripe a last digit of 0', 'KWD', [1_999], 2_000],
  ['krónur have two zeros at Stripe', 'ISK', [1_999], 199_900],
  ['euros are asked for in cents', 'EUR', [1_999], 1_999],
])('%s', async (_, currency, amounts, total) => {
  const house = await opened({ amounts, currency });
  await house.run('run_a');
  expect(outcomeOf(house).invoices.map((invoice) => invoice.total)).toEqual([total]);
});

// parabol#6826, storj#6500, cashier-stripe PR#1503: beyond 250 lines an invoice broke, and of those that it
// has only the first ten were read.
it('reads back all of 250 lines, and finds a cent that was changed in the last', async () => {
  const house = await opened({
    amounts: Array.from({ length: 251 }, () => 10),
    policy: { chunk_lines: 100 },
  });
  house.house.ledger.before = (call) => {
    const [draft] = house.stripe.state().invoices;
    if (call !== 'append ExportLinesAdded' || outcomeOf(house).invoices[0]?.lines.length !== 250)
      return;
    house.stripe.dashboard.changeAmount(String(draft?.['id']), 249, 11);
  };
  await house.run('run_a');
  const { stopped, invoices } = outcomeOf(house);
  expect(stopped).toMatchObject({ reason: 'draft_edited' });
  expect(invoices.map(({ status }) => status)).toEqual(['draft']);
});

// stripe-node#1918, stripe-node#747: what waited for the customer's next invoice came along on one that had
// nothing to do with it.
it('leaves what waits for the customer’s next invoice where it is', async () => {
  const house = await opened({ amounts: [120] });
  // The customer is known, and has no invoice yet.
  await house.runAndDie('run_a', 6);
  const customer = String(house.stripe.state().customers[0]?.['id']);
  await byHand(house, '/v1/invoiceitems', { customer, amount: '999', currency: 'usd' });
  await house.run('run_b');
  expect(outcomeOf(house)).toMatchObject({ invoices: [{ total: 120 }], done: 'invoice' });
});

// polar PR#6024: an invoice that somebody had finalized meanwhile was finalized again, and that failed.
it('goes on with an invoice that somebody else has finalized, as it is', async () => {
  const house = await opened({ amounts: [120, 30] });
  house.house.ledger.before = (call) => {
    if (call !== 'append ExportVerified') return;
    house.stripe.dashboard.finalize(String(house.stripe.state().invoices[0]?.['id']));
  };
  await house.run('run_a');
  expect(outcomeOf(house)).toMatchObject({
    invoices: [{ status: 'open', total: 150 }],
    done: 'invoice',
  });
});

// autumn PR#3475: tax was rounded once here and for each line there, and the totals did not agree by a cent.
it('does not mistake Stripe’s tax for a change of the draft', async () => {
  const house = await opened({
    amounts: [33, 33],
    policy: { automatic_tax: true, customers: 'existing' },
    settings: { taxBasisPoints: 2_000 },
  });
  await byHand(house, '/v1/customers', {
    name: 'Acme',
    'address[country]': 'US',
    'metadata[tollgate_customer_id]': 'cus_1',
  });
  // Search finds it after a minute.
  house.house.nowMs += 60_000;
  await house.run('run_a');
  expect(outcomeOf(house)).toMatchObject({
    invoices: [{ total: 80 }],
    done: 'invoice',
    stopped: null,
  });
});

it('names our number on the invoice there and in its metadata, and asks for the tax of the document', async () => {
  const house = await opened(TAXED);
  await house.run('run_a');
  const [there] = house.stripe.state().invoices;
  expect(there).toMatchObject({
    custom_fields: [{ name: 'Invoice number', value: 'INV-2026-000007' }],
    metadata: { tollgate_invoice_id: 'inv_1', tollgate_invoice_number: 'INV-2026-000007' },
    ...{ total: 179, automatic_tax: { enabled: false } },
  });
});

// stripe-node#1040: the official client sends a request again by itself when its connection is closed, even
// where it is told to repeat nothing.
it('has one customer, although the client itself repeats a request whose connection was closed', async () => {
  const house = await opened({ amounts: [120] });
  house.stripe.faults.add({ request: 1, fault: { kind: 'lost_response' } });
  await house.run('run_a');
  const sent = house.stripe.requests.filter(({ route }) => route === 'POST /v1/customers');
  expect([sent.length, outcomeOf(house).customers]).toEqual([2, 1]);
  expect(new Set(sent.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
});

// openmeter#2159: a draft whose line somebody had replaced could not be synchronised any more, and nobody was
// told.
it.each([
  [
    'a line is added',
    (house: StripeHouse, id: string) => house.stripe.dashboard.addLine(id, { amount: 5 }),
  ],
  [
    'a line is taken away',
    (house: StripeHouse, id: string) => house.stripe.dashboard.removeLine(id, 0),
  ],
  [
    'the whole draft is deleted',
    (house: StripeHouse, id: string) => house.stripe.dashboard.deleteDraft(id),
  ],
])('stops and says so when %s by hand', async (_, edit) => {
  const house = await opened({ amounts: [120, 30] });
  house.house.ledger.before = (call) => {
    if (call === 'append ExportLinesAdded')
      edit(house, String(house.stripe.state().invoices[0]?.['id']));
  };
  await house.run('run_a');
  const { stopped, invoices } = outcomeOf(house);
  expect(stopped).toMatchObject({ reason: expect.stringMatching(/^draft_(edited|gone)$/) });
  expect(invoices.every(({ status }) => status === 'draft')).toBe(true);
});

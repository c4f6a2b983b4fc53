import Stripe from 'stripe';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { draft, type StripeFixture, startFixture } from './testing/stripe-fixture.ts';

let fixture: StripeFixture;
beforeEach(async () => {
  fixture = await startFixture();
});
afterEach(() => fixture.fake.stop());

const create = (key: string, name = 'Acme'): Promise<Stripe.Response<Stripe.Customer>> =>
  fixture.stripe.customers.create({ name }, { idempotencyKey: key });
const outcome = (work: Promise<{ readonly id: string }>): Promise<unknown> =>
  work.then(
    ({ id }) => id,
    (cause: Stripe.errors.StripeError) => `${cause.statusCode} ${cause.rawType}`,
  );

it('answers a key with what it answered before, for a day', async () => {
  const first = await create('k');
  const again = await create('k');
  expect(again.lastResponse.headers).toMatchObject({
    'idempotent-replayed': 'true',
    'original-request': first.lastResponse.requestId,
  });
  fixture.clock.advance(24 * 3_600_000);
  const nextDay = await create('k');
  expect([again.id === first.id, nextDay.id === first.id]).toEqual([true, false]);
});

it('refuses a key that comes with other parameters, or on another route', async () => {
  const { id } = await create('k');
  await expect(create('k', 'Other')).rejects.toMatchObject({
    statusCode: 400,
    type: 'StripeIdempotencyError',
  });
  const elsewhere = fixture.stripe.customers.update(id, { name: 'Acme' }, { idempotencyKey: 'k' });
  await expect(elsewhere).rejects.toMatchObject({
    statusCode: 400,
    type: 'StripeIdempotencyError',
  });
});

it('refuses a key that is in use', async () => {
  fixture.fake.faults.add({ request: 1, fault: { kind: 'slow', ms: 1_000 } });
  const slow = create('k');
  const soon = await until(() => fixture.fake.requests.length === 1).then(() =>
    outcome(create('k')),
  );
  fixture.clock.advance(1_000);
  expect([soon, (await slow).id]).toEqual([
    '409 idempotency_error',
    fixture.fake.state().customers[0]?.['id'],
  ]);
});

it('does not save what was refused before its execution', async () => {
  await expect(
    fixture.stripe.customers.create({ nmae: 'x' } as object, { idempotencyKey: 'k' }),
  ).rejects.toMatchObject({ code: 'parameter_unknown' });
  fixture.fake.faults.add({ request: 2, fault: { kind: 'refused', status: 429, retryAfterS: 3 } });
  const limited = await create('k').catch((cause: Stripe.errors.StripeRateLimitError) => cause);
  expect(limited).toMatchObject({ statusCode: 429, headers: { 'retry-after': '3' } });
  await expect(create('k')).resolves.toMatchObject({ name: 'Acme' });
});

it.each([
  ['a 500 whose work was done', true, 1],
  ['a 500 whose work was not done', false, 0],
])('answers %s again and again under its key', async (_, done, made) => {
  fixture.fake.faults.add({ request: 1, fault: { kind: 'failed', done } });
  const answers = [await outcome(create('k')), await outcome(create('k'))];
  expect({ answers, made: fixture.fake.state().customers.length }).toEqual({
    answers: ['500 api_error', '500 api_error'],
    made,
  });
});

it('loses the answer and not the work', async () => {
  // The client tries a closed connection again once by itself: both answers are lost here.
  fixture.fake.faults.add({ fault: { kind: 'lost_response' }, times: 2 });
  await expect(create('k')).rejects.toMatchObject({ type: 'StripeConnectionError' });
  expect((await create('k')).id).toBe(fixture.fake.state().customers[0]?.['id']);
  expect(fixture.fake.state().customers).toHaveLength(1);
});

it('is out of reach for a span of its own time', async () => {
  fixture.fake.faults.outage(3_600_000);
  const during = await outcome(create('k'));
  fixture.clock.advance(3_600_000);
  expect([during, (await create('k')).name]).toEqual(['503 api_error', 'Acme']);
});

it('refuses the 26th request of a second', async () => {
  await fixture.fake.stop();
  fixture = await startFixture({ rates: { perSecond: 100, perEndpoint: 25 } });
  const answers = [];
  for (let call = 0; call < 26; call += 1) answers.push(await outcome(create(`k${call}`)));
  fixture.clock.advance(1_000);
  answers.push(await outcome(create('k25')));
  expect(answers.map((answer) => String(answer).slice(0, 3))).toEqual([
    ...Array(25).fill('cus'),
    '429',
    'cus',
  ]);
});

it('signs its webhooks as the official client checks them', async () => {
  const { fake, stripe, clock } = fixture;
  const { secret = '' } = await stripe.webhookEndpoints.create({
    url: 'http://127.0.0.1:9/',
    enabled_events: ['invoice.finalized'],
  });
  const { invoice } = await draft(fixture, [500]);
  await stripe.invoices.finalizeInvoice(invoice.id);
  const [signed] = fake.webhooks.pending();
  const { payload = '', signature = '' } = signed ?? {};
  const event = Stripe.webhooks.constructEvent(
    payload,
    signature,
    secret,
    300,
    undefined,
    clock.nowMs(),
  );
  expect(event).toMatchObject({
    type: 'invoice.finalized',
    data: { object: { id: invoice.id, status: 'open' } },
  });
  expect(() =>
    Stripe.webhooks.constructEvent(`${payload} `, signature, secret, 300, undefined, clock.nowMs()),
  ).toThrow(/signature/i);
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

import Stripe from 'stripe';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StripeFixture, startFixture } from './testing/stripe-fixture.ts';
import { signThin } from './webhooks.ts';

const DAY_MS = 24 * 3_600_000;
let fixture: StripeFixture;
let customer: string;
beforeEach(async () => {
  fixture = await startFixture();
  customer = (await fixture.stripe.customers.create({ name: 'Acme' })).id;
  await fixture.stripe.billing.meters.create({
    display_name: 'Tokens',
    event_name: 'tokens',
    default_aggregation: { formula: 'sum' },
  });
});
afterEach(() => fixture.fake.stop());

const send = (more: Partial<Stripe.Billing.MeterEventCreateParams> = {}): Promise<unknown> =>
  fixture.stripe.billing.meterEvents.create({
    event_name: 'tokens',
    payload: { stripe_customer_id: customer, value: '25' },
    ...more,
  });

it('counts an identifier once a day, and says so of the second', async () => {
  await send({ identifier: 'line-1' });
  await expect(send({ identifier: 'line-1' })).rejects.toMatchObject({
    statusCode: 400,
    message: 'An event already exists with identifier line-1.',
  });
  fixture.fake.meters.process();
  expect(fixture.fake.meters.usage()).toEqual({ [customer]: { tokens: 25 } });
  fixture.clock.advance(DAY_MS);
  await send({ identifier: 'line-1' });
  fixture.fake.meters.process();
  expect(fixture.fake.meters.usage()).toEqual({ [customer]: { tokens: 50 } });
});

it.each([
  ['older than 35 days', -35 * DAY_MS - 1_000, 'timestamp_too_far_in_past'],
  ['more than five minutes ahead', 5 * 60_000 + 1_000, 'timestamp_in_future'],
])('refuses at once what is %s', async (_, offsetMs, code) => {
  const timestamp = Math.floor((fixture.clock.nowMs() + offsetMs) / 1_000);
  await expect(send({ timestamp })).rejects.toMatchObject({ statusCode: 400, code });
});

it('takes what nobody can count, and reports it later', async () => {
  const { stripe, fake, clock } = fixture;
  await send({ identifier: 'good' });
  await send({ identifier: 'nobody', payload: { stripe_customer_id: 'cus_none', value: '1' } });
  await send({ identifier: 'half', payload: { stripe_customer_id: customer, value: '1.5' } });
  const [report] = fake.meters.process();
  if (report === undefined) expect.unreachable();
  const { payload, signature } = signThin(report, 'whsec_x', clock.nowMs());
  const notice = stripe.parseEventNotification(
    payload,
    signature,
    'whsec_x',
    300,
    undefined,
    clock.nowMs(),
  );
  const event = await stripe.v2.core.events.retrieve(notice.id);
  expect(event).toMatchObject({
    type: 'v1.billing.meter.error_report_triggered',
    data: {
      reason: {
        error_count: 2,
        error_types: [
          {
            code: 'meter_event_customer_not_found',
            sample_errors: [{ request: { identifier: 'nobody' } }],
          },
          {
            code: 'meter_event_invalid_value',
            sample_errors: [{ request: { identifier: 'half' } }],
          },
        ],
      },
    },
  });
  expect(fake.meters.usage()).toEqual({ [customer]: { tokens: 25 } });
});

it('takes a stream with the token of a session, for a quarter of an hour', async () => {
  const { stripe, fake, clock } = fixture;
  const session = await stripe.v2.billing.meterEventSession.create();
  const streaming = new Stripe(session.authentication_token, {
    ...fake.client,
    maxNetworkRetries: 0,
    telemetry: false,
  });
  const events = ['a', 'b', 'a'].map((identifier) => ({
    event_name: 'tokens',
    identifier,
    payload: { stripe_customer_id: customer, value: '2' },
  }));
  await streaming.v2.billing.meterEventStream.create({ events });
  fake.meters.process();
  expect(fake.meters.usage()).toEqual({ [customer]: { tokens: 4 } });
  clock.advance(15 * 60_000);
  await expect(streaming.v2.billing.meterEventStream.create({ events })).rejects.toMatchObject({
    type: 'TemporarySessionExpiredError',
  });
});

it('takes back an event within a day of its receipt', async () => {
  await send({ identifier: 'mistake' });
  await fixture.stripe.billing.meterEventAdjustments.create({
    event_name: 'tokens',
    type: 'cancel',
    cancel: { identifier: 'mistake' },
  });
  fixture.fake.meters.process();
  expect(fixture.fake.meters.usage()).toEqual({});
});

/** Usage that Stripe rates (docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api). */
import Stripe from 'stripe';
import { type MeterUsage, PaymentsError } from './payments.ts';
import { paymentsError } from './stripe-errors.ts';

const MINUTE_S = 60;
/** Meters of one account that are looked through. */
const METERS_MAX = 100;

/** Without an idempotency key: the identifier of the event is one, and is remembered for a day. */
export async function sendUsage(
  stripe: Stripe,
  { customer, eventName, identifier, value, atMs }: MeterUsage,
): Promise<'taken' | 'known' | 'too_old'> {
  try {
    await stripe.billing.meterEvents.create({
      event_name: eventName,
      identifier,
      payload: { stripe_customer_id: customer, value },
      timestamp: Math.floor(atMs / 1_000),
    });
    return 'taken';
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError) {
      if (isKnown(error)) return 'known';
      if (error.code === 'timestamp_too_far_in_past') return 'too_old';
    }
    throw paymentsError(error);
  }
}

function isKnown({ code, message }: { code?: string | undefined; message: string }): boolean {
  return code === 'duplicate_meter_event' || /already exists with identifier/.test(message);
}

export async function countedUsage(
  stripe: Stripe,
  customer: string,
  eventName: string,
  minuteMs: number,
): Promise<bigint> {
  const start_time = Math.floor(minuteMs / 1_000);
  try {
    const meters = await stripe.billing.meters.list({ status: 'active', limit: METERS_MAX });
    const meter = meters.data.find(({ event_name }) => event_name === eventName);
    if (meter === undefined) {
      throw new PaymentsError('refused', 'no_meter', `no active meter takes ${eventName}`);
    }
    const bounds = { customer, start_time, end_time: start_time + MINUTE_S };
    const { data } = await stripe.billing.meters.listEventSummaries(meter.id, bounds);
    return data.reduce((sum, { aggregated_value }) => sum + wholeOf(aggregated_value), 0n);
  } catch (error) {
    throw paymentsError(error);
  }
}

function wholeOf(value: number): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new PaymentsError(
    'refused',
    'not_whole',
    `a meter has counted ${value}, which is not ours`,
  );
}

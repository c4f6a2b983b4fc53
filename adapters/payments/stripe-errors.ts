/** What may be concluded from an error of the official client (docs.stripe.com/error-low-level). */
import Stripe from 'stripe';
import { type ErrorKind, PaymentsError } from './payments.ts';

const SECOND_MS = 1_000;

export function paymentsError(error: unknown): PaymentsError {
  if (error instanceof PaymentsError) return error;
  if (!(error instanceof Stripe.errors.StripeError)) {
    throw new Error('the client of Stripe failed', { cause: error });
  }
  const code = error.code ?? error.rawType ?? error.type;
  // Its texts name our objects and parameters, never the secret key.
  return new PaymentsError(kindOf(error), code, error.message, {
    cause: error,
    retryAfterMs: retryAfterMs(error.headers?.['retry-after']),
  });
}

function kindOf(error: InstanceType<typeof Stripe.errors.StripeError>): ErrorKind {
  const { statusCode } = error;
  if (error instanceof Stripe.errors.StripeConnectionError || statusCode === undefined) {
    return 'away';
  }
  // The parameters of a request under this key were others: of an earlier version of ours.
  if (error instanceof Stripe.errors.StripeIdempotencyError) {
    return statusCode === 409 ? 'busy' : 'failed';
  }
  // Another request had the object: Stripe answers that again under the same key, for a day.
  // seam: saved-refusal-takes-a-new-key
  if (error.code === 'lock_timeout') return 'failed';
  if (error instanceof Stripe.errors.StripeRateLimitError) return 'busy';
  switch (statusCode) {
    case 401:
    case 403:
      return 'denied';
    case 404:
      return 'absent';
    case 409:
    case 429:
      return 'busy';
    default:
      return statusCode >= 500 ? 'failed' : 'refused';
  }
}

function retryAfterMs(header: string | undefined): number | null {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * SECOND_MS : null;
}

/** Webhooks of Stripe: who sent them, and what they say of an invoice (docs.stripe.com/webhooks). */
import Stripe from 'stripe';
import type { PaymentInvoice } from './payments.ts';
import { invoiceOf } from './stripe-payments.ts';

/** How old a signature may be, s: a recorded request is worth nothing after that. */
const TOLERANCE_S = 300;

export type PaymentNotice = {
  /** The same for repetitions. */
  eventId: string;
  type: string;
  createdMs: number;
  /** Null: it is about something else. */
  invoice: { invoiceId: string | null; found: PaymentInvoice } | null;
};

/** @returns null: nobody who knows the secret has signed these bytes just now */
export type ReadNotice = (
  body: Uint8Array,
  signature: string,
  nowMs: number,
) => PaymentNotice | null;

export function stripeWebhook(secret: string): ReadNotice {
  return (body, signature, nowMs) => {
    try {
      // seam: payment-webhook-is-signed
      const event = Stripe.webhooks.constructEvent(
        ...([body, signature, secret, TOLERANCE_S, undefined, nowMs] as const),
      );
      return noticeOf(event);
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError) return null;
      throw error;
    }
  };
}

function noticeOf(event: Stripe.Event): PaymentNotice {
  const { id: eventId, type, created } = event;
  const notice = { eventId, type, createdMs: created * 1_000 };
  const { object } = event.data;
  // A preview of an invoice has no id.
  if (object.object !== 'invoice' || object.id === undefined) return { ...notice, invoice: null };
  const invoiceId = object.metadata?.['tollgate_invoice_id'] ?? null;
  return { ...notice, invoice: { invoiceId, found: invoiceOf(object) } };
}

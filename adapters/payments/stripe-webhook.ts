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
  /** Usage that had been taken was rejected: what it is about is not in it, and is asked for. */
  isMeterReport: boolean;
  /** Null: it is about something else. */
  invoice: { invoiceId: string | null; found: PaymentInvoice } | null;
};

/** @returns null: nobody who knows the secret has signed these bytes just now */
export type ReadNotice = (
  body: Uint8Array,
  signature: string,
  nowMs: number,
) => PaymentNotice | null;

/** @param reportSecret of the destination that reports of meters come from */
export function stripeWebhook(secret: string, reportSecret = secret): ReadNotice {
  return (body, signature, nowMs) => {
    try {
      const text = Buffer.from(body).toString();
      if (isThin(text)) {
        // seam: meter-report-is-signed
        signatures().verifyHeader(
          ...([text, signature, reportSecret, TOLERANCE_S, undefined, nowMs] as const),
        );
        return thinNoticeOf(JSON.parse(text) as ThinEvent);
      }
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

function signatures() {
  const { signature } = Stripe.webhooks;
  if (signature === null) throw new Error('the client of Stripe checks no signatures');
  return signature;
}

/** A notice of v2: who and what it is about, without its content. */
type ThinEvent = { object: 'v2.core.event'; id: string; type: string; created: string };

function isThin(text: string): boolean {
  try {
    return (JSON.parse(text) as { object?: unknown } | null)?.object === 'v2.core.event';
  } catch {
    // It is no JSON: what is not signed is refused, and Stripe signs nothing like it.
    return false;
  }
}

function thinNoticeOf({ id: eventId, type, created }: ThinEvent): PaymentNotice {
  const isMeterReport = type.startsWith('v1.billing.meter.');
  return { eventId, type, createdMs: Date.parse(created), isMeterReport, invoice: null };
}

function noticeOf(event: Stripe.Event): PaymentNotice {
  const { id: eventId, type, created } = event;
  const notice = { eventId, type, createdMs: created * 1_000, isMeterReport: false };
  const { object } = event.data;
  // A preview of an invoice has no id.
  if (object.object !== 'invoice' || object.id === undefined) return { ...notice, invoice: null };
  const invoiceId = object.metadata?.['tollgate_invoice_id'] ?? null;
  return { ...notice, invoice: { invoiceId, found: invoiceOf(object) } };
}

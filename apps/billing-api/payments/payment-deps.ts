/** What the API knows of the payment system that invoices are exported to. */
import type { ReadNotice } from '@tollgate/adapters/payments/stripe-webhook.ts';
import type { ExportPolicy } from '@tollgate/domain/payment/payment-events.ts';

export type PaymentDeps = {
  /** Of exports that are requested now. */
  policy: ExportPolicy;
  /** Null: no webhook is taken. */
  readNotice: ReadNotice | null;
  /** How long after it was due an invoice may stay unpaid, ms; null: no key is suspended. */
  suspendAfterMs: number | null;
};

/**
 * Streams `invoice_export-<invoice>`: how one invoice went to a payment system, and what became of it
 * there. Streams `payment_customer-<customer>`: who a customer is there. A started step is a claim: the
 * append says which process makes it, and it is durable before anything is sent (docs/stripe.md).
 *
 * Amounts are in the payment system's minor units (`units.ts`).
 */
import type { CreditReason } from '../invoice/credit-note-events.ts';
import { streamCategory } from '../stream/stream-category.ts';

/** By invoice id. */
export const exportStreams = streamCategory('invoice_export');
/** By customer id. */
export const paymentCustomerStreams = streamCategory('payment_customer');

/** `verify` only reads; each other step is one change there. */
export type ExportStep =
  | 'customer'
  | 'draft'
  | 'lines'
  | 'verify'
  | 'finalize'
  | 'send'
  | 'balance'
  | 'meters'
  | 'credit';

/**
 * What an export follows, from its beginning to its end. It is fixed when the export is requested, so that
 * a configuration that changes in between cannot change what a repeated request says.
 */
export type ExportPolicy = {
  /** Whether the customer is sent the invoice, or charged at once. */
  collection: 'send' | 'charge';
  /** Of an invoice that is sent. */
  days_until_due: number;
  automatic_tax: boolean;
  /** An invoice over nothing: nothing happens there, or it is made and counts as paid. */
  zero: 'skip' | 'invoice';
  /** Below the least amount that can be paid: the system carries it on, or we put it on the balance. */
  below_minimum: 'invoice' | 'customer_balance';
  /** A total below zero. */
  negative: 'customer_balance' | 'invoice';
  /** Whether a customer without a counterpart there gets one. */
  customers: 'create' | 'existing';
  /** Lines that an invoice may have there; more are merged (`plan.ts`). */
  lines_max: number;
  /** Lines of one request. */
  chunk_lines: number;
  /** Names of meters by quantity: usage is sent, which Stripe rates. Absent: invoices are made. */
  meters?: Readonly<Record<string, string>>;
};

/** What the document of the invoice says besides its lines: it never changes either. */
export type ExportDocument = {
  number: string;
  /** Of the seller, on the total; null: it adds none. */
  tax: { name: string; rate_ppm: number; amount_minor: number } | null;
};

export type ExportRequested = {
  type: 'ExportRequested';
  data: {
    invoice_id: string;
    customer_id: string;
    system: 'stripe';
    policy: ExportPolicy;
    /** Absent: the invoice had no number. */
    document?: ExportDocument;
    requested_at: string;
  };
};

/** A claim, and the first use of an idempotency key if its generation is new. */
export type ExportStepStarted = {
  type: 'ExportStepStarted';
  data: {
    invoice_id: string;
    step: ExportStep;
    /** Which part of the lines; 0 of every other step. */
    chunk: number;
    /** Of the whole export, from 1. */
    attempt: number;
    /** Part of the idempotency key: the next one is a new request to the system. */
    generation: number;
    run_id: string;
    started_at: string;
  };
};

/** The process that has begun it lives, and goes on with it. */
export type ExportStepRenewed = {
  type: 'ExportStepRenewed';
  data: { invoice_id: string; attempt: number; run_id: string; renewed_at: string };
};

/** Who pays, for this export: a mapping that changes later changes nothing of it. */
export type ExportCustomerChosen = {
  type: 'ExportCustomerChosen';
  data: { invoice_id: string; external_customer_id: string };
};

export type ExportDraftCreated = {
  type: 'ExportDraftCreated';
  data: { invoice_id: string; external_id: string };
};

export type ExportLinesAdded = {
  type: 'ExportLinesAdded';
  data: { invoice_id: string; external_id: string; chunk: number; lines: number };
};

/** All lines were read back and are those of the plan. */
export type ExportVerified = {
  type: 'ExportVerified';
  data: { invoice_id: string; external_id: string; lines: number; sum_minor: number };
};

export type PaymentStatus = 'open' | 'uncollectible' | 'void' | 'paid';

export type ExportFinalized = {
  type: 'ExportFinalized';
  data: {
    invoice_id: string;
    external_id: string;
    number: string | null;
    status: PaymentStatus;
    /** Of the lines, without tax. */
    subtotal_minor: number;
    /** With tax. */
    total_minor: number;
    amount_due_minor: number;
    due_at: string | null;
    hosted_url: string | null;
    pdf_url: string | null;
  };
};

export type ExportSent = {
  type: 'ExportSent';
  data: { invoice_id: string; external_id: string };
};

/** Instead of an invoice: below zero what the customer has good, above it what is owed. */
export type ExportBalanceChanged = {
  type: 'ExportBalanceChanged';
  data: { invoice_id: string; external_id: string; amount_minor: number };
};

/** What could not go where it belongs: it is not dated otherwise, and Stripe does not have it. */
export type MeterDifference = {
  identifier: string;
  event_name: string;
  value: string;
  at: string;
  reason: 'too_old';
};

/** Each event of this part was taken, now or before, or is a difference. */
export type ExportMetersSent = {
  type: 'ExportMetersSent';
  data: {
    invoice_id: string;
    chunk: number;
    /** Whether it is the last part. */
    last: boolean;
    events: number;
    differences: MeterDifference[];
    sent_at: string;
  };
};

/** Events were rejected after they had been taken: what of them was counted is looked at again. */
export type ExportReopened = {
  type: 'ExportReopened';
  data: { invoice_id: string; report_id: string; reopened_at: string };
};

export type ExportSkipped = {
  type: 'ExportSkipped';
  data: { invoice_id: string; reason: 'zero' };
};

/** A credit note of the invoice is to be made there too, once the invoice is there. */
export type ExportCreditRequested = {
  type: 'ExportCreditRequested';
  data: {
    invoice_id: string;
    credit_note_id: string;
    kind: 'credit' | 'void';
    /** Null: it has none. */
    number: string | null;
    reason: CreditReason;
    memo: string | null;
    /** With the tax as one of them; amounts here are in our minor units. */
    lines: { description: string; amount_minor: number }[];
    total_minor: number;
    /** What notes before it credit, and what the invoice asks for. */
    before_minor: number;
    invoice_minor: number;
    requested_at: string;
  };
};

/** Where a credit of what was paid goes. */
export type PaidCredits = 'customer_balance' | 'refund' | 'outside';

export type ExportCredited = {
  type: 'ExportCredited';
  data: {
    invoice_id: string;
    credit_note_id: string;
    /** `none`: nothing is asked for there that could be credited. */
    how: 'credit_note' | 'void' | 'balance' | 'none';
    external_id: string | null;
    amount_minor: number;
    /** What it came to: less to pay, money on the balance, money paid back there, or elsewhere. */
    applied_minor: number;
    balance_minor: number;
    refunded_minor: number;
    outside_minor: number;
  };
};

/** It is tried again. */
export type ExportStepFailed = {
  type: 'ExportStepFailed';
  data: {
    invoice_id: string;
    step: ExportStep;
    attempt: number;
    /** A short code. */
    error: string;
    message: string;
    /** The answer is stored under the key there, so the next try needs another one. */
    new_key: boolean;
    failed_at: string;
    next_attempt_at: string;
  };
};

export type StopReason =
  | 'customer_unmapped'
  | 'currency_unsupported'
  | 'refused'
  | 'draft_edited'
  | 'draft_gone'
  | 'finalized_differs'
  | 'meter_differs'
  | 'too_many_events';

/** A person has to look; until then nothing more is sent. */
export type ExportStopped = {
  type: 'ExportStopped';
  data: {
    invoice_id: string;
    step: ExportStep;
    reason: StopReason;
    detail: string;
    stopped_at: string;
  };
};

export type ExportResumed = {
  type: 'ExportResumed';
  data: { invoice_id: string; resumed_at: string };
};

/** What the payment system says of an invoice, in a webhook or when it was asked. */
export type PaymentReported = {
  type: 'PaymentReported';
  data: {
    invoice_id: string;
    external_id: string;
    source: 'webhook' | 'read';
    /** Of the webhook's event, or of the reading. */
    source_id: string;
    status: PaymentStatus;
    amount_due_minor: number;
    amount_paid_minor: number;
    /** By credit notes. */
    credited_minor: number;
    /** Payments that were tried. */
    attempts: number;
    due_at: string | null;
    /** When the payment system said it. */
    at: string;
  };
};

export type ExportEvent =
  | ExportRequested
  | ExportStepStarted
  | ExportStepRenewed
  | ExportCustomerChosen
  | ExportDraftCreated
  | ExportLinesAdded
  | ExportVerified
  | ExportFinalized
  | ExportSent
  | ExportBalanceChanged
  | ExportSkipped
  | ExportMetersSent
  | ExportReopened
  | ExportCreditRequested
  | ExportCredited
  | ExportStepFailed
  | ExportStopped
  | ExportResumed
  | PaymentReported;

export type PaymentCustomerMapped = {
  type: 'PaymentCustomerMapped';
  data: {
    customer_id: string;
    system: 'stripe';
    external_customer_id: string;
    how: 'created' | 'found' | 'given';
  };
};

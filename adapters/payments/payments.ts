/**
 * Port: a system that asks customers for money. Invoices are made there as drafts, filled, read back and
 * finalized, and each change has an idempotency key of ours. Whatever is made carries our ids, so that it is
 * found again when nobody knows any more whether it was made.
 *
 * Every method rejects with a `PaymentsError`, which says what the caller may conclude.
 */

import type { CreditReason } from '@tollgate/domain/invoice/credit-note-events.ts';
import type { PaidCredits, PaymentStatus } from '@tollgate/domain/payment/payment-events.ts';
import type { PlanLine } from '@tollgate/domain/payment/plan.ts';
import type { ReadLine } from '@tollgate/domain/payment/same-lines.ts';

export type ErrorKind =
  /** No answer came: it may have been carried out. */
  | 'away'
  /** It says that it is busy: nothing was carried out. */
  | 'busy'
  /** It failed with an answer, which it may give again under the same key. */
  | 'failed'
  /** Our own credentials were not accepted. */
  | 'denied'
  /** It says no, and will say it again. */
  | 'refused'
  /** There is no such object. */
  | 'absent';

export class PaymentsError extends Error {
  readonly kind: ErrorKind;
  /** A short code. */
  readonly code: string;
  /** How long it asks us to wait, ms; null: it does not say. */
  readonly retryAfterMs: number | null;

  constructor(
    kind: ErrorKind,
    code: string,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | null } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'PaymentsError';
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

export type PaymentInvoice = {
  externalId: string;
  status: 'draft' | PaymentStatus;
  number: string | null;
  /** Of its lines. */
  subtotalMinor: number;
  totalMinor: number;
  totalWithoutTaxMinor: number;
  amountDueMinor: number;
  amountPaidMinor: number;
  /** What is still to be paid. */
  remainingMinor: number;
  creditedMinor: number;
  attempts: number;
  dueAtMs: number | null;
  hostedUrl: string | null;
  pdfUrl: string | null;
};

export type NewDraft = {
  invoiceId: string;
  /** Of the document; null: it has none. */
  number: string | null;
  snapshotId: string;
  snapshotHash: string;
  customer: string;
  currency: string;
  collection: 'send' | 'charge';
  daysUntilDue: number;
  automaticTax: boolean;
  description: string;
};

export type NewLines = {
  invoiceId: string;
  lines: readonly PlanLine[];
  /** Of the usage, Unix ms; the end is exclusive. */
  startMs: number;
  endMs: number;
};

export type NewBalanceEntry = {
  invoiceId: string;
  /** Null: it is the invoice itself. */
  creditNoteId: string | null;
  number: string | null;
  customer: string;
  currency: string;
  /** Below zero: the customer has it good. */
  amountMinor: number;
  description: string;
};

export type NewCreditNote = {
  /** Its id there. */
  invoice: string;
  invoiceId: string;
  creditNoteId: string;
  number: string | null;
  reason: CreditReason;
  memo: string;
  amountMinor: number;
  /** They add up to the amount; null: it has none. */
  lines: readonly { description: string; amount_minor: number }[] | null;
  /** What does not lessen what is to be paid, and where it goes. */
  rest: { minor: number; to: PaidCredits };
};

export type MadeCreditNote = {
  externalId: string;
  amountMinor: number;
  appliedMinor: number;
  balanceMinor: number;
  refundedMinor: number;
  outsideMinor: number;
};

export type MeterUsage = {
  customer: string;
  eventName: string;
  identifier: string;
  /** A whole number. */
  value: string;
  atMs: number;
};

export type Payments = {
  readonly system: 'stripe';
  /** Who carries the id of this customer of ours, made at or after a time; null: nobody. */
  findCustomer(customerId: string, sinceMs: number | null): Promise<string | null>;
  /** @returns its id there */
  createCustomer(customer: { id: string; name: string }, key: string): Promise<string>;
  /** What carries the id of this invoice of ours and is not void; null: nothing. */
  findInvoice(customer: string, invoiceId: string): Promise<PaymentInvoice | null>;
  /** Without lines, and nothing happens to it by itself. */
  createDraft(draft: NewDraft, key: string): Promise<PaymentInvoice>;
  /** To a draft; all of them or none. */
  addLines(externalId: string, lines: NewLines, key: string): Promise<void>;
  readInvoice(externalId: string): Promise<PaymentInvoice>;
  /** All of them, page by page. */
  readLines(externalId: string): Promise<ReadLine[]>;
  /** @param collect whether it is charged, and tried again, by the system itself */
  finalize(externalId: string, collect: boolean, key: string): Promise<PaymentInvoice>;
  send(externalId: string, key: string): Promise<void>;
  /**
   * @param creditNoteId null: the entry is the invoice itself
   * @returns the id of what carries these ids of ours; null: nothing
   */
  findBalanceEntry(
    customer: string,
    invoiceId: string,
    creditNoteId: string | null,
  ): Promise<string | null>;
  /** Of an invoice there, what carries the id of this credit note of ours and is not void; null: nothing. */
  findCreditNote(externalId: string, creditNoteId: string): Promise<MadeCreditNote | null>;
  createCreditNote(note: NewCreditNote, key: string): Promise<MadeCreditNote>;
  /** Of an invoice that was finalized and is not paid. */
  voidInvoice(externalId: string, key: string): Promise<void>;
  /** @returns `known`: it has this identifier of the last day already; `too_old`: it takes it no more */
  sendUsage(usage: MeterUsage): Promise<'taken' | 'known' | 'too_old'>;
  /** What a meter has counted of a customer in one minute. */
  countedUsage(customer: string, eventName: string, minuteMs: number): Promise<bigint>;
  /** @returns its id there */
  changeBalance(entry: NewBalanceEntry, key: string): Promise<string>;
};

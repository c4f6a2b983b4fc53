/**
 * Stream `billing-<customer>`: all periods of one customer, in order, each closed by a frozen
 * snapshot (docs/design.md, Closing a period). Stream `cut-<id>`: how far the log was known at a
 * closing run.
 */

import type { ExchangeRate } from '../exchange/exchange-rate.ts';
import type { CreditNoteIssued, CreditNoteNumbered } from '../invoice/credit-note-events.ts';
import type { InvoiceNumbered, InvoiceTermsFixed } from '../invoice/document-events.ts';
import { streamCategory } from '../stream/stream-category.ts';

/** By customer id. */
export const billingStreams = streamCategory('billing');
export const cutStreams = streamCategory('cut');
export const invoiceStreams = streamCategory('invoice');

/** A position is (log, partition, offset); `ends` are exclusive and as text (64 bits). */
export type LogCut = { log: number; ends: string[] };

export type CutTaken = {
  type: 'CutTaken';
  data: { cut_id: string; logs: LogCut[]; taken_at: string };
};

export type PeriodOpened = {
  type: 'PeriodOpened';
  data: {
    period_id: string;
    customer_id: string;
    /** 1, 2, 3, … without a gap. */
    number: number;
    /** Inclusive, RFC 3339 UTC. */
    start: string;
    /** Exclusive. */
    end: string;
    time_zone: string;
    /** Day of the month on which the customer's billing months begin, 1 to 31. */
    anchor_day: number;
    /** ISO 4217: what the period is billed in, whatever the customer's currency is later; absent: USD. */
    currency?: string;
  };
};

/**
 * Names everything besides the log that the snapshot is made from: the end (moved if closed early),
 * the cut, and the mark-up and the exchange rate at that moment. So every process that freezes the period, at any time,
 * makes the same bytes.
 */
export type PeriodClosing = {
  type: 'PeriodClosing';
  data: {
    period_id: string;
    number: number;
    end: string;
    cut_id: string;
    logs: LogCut[];
    /** ISO 4217, upper case. */
    currency: string;
    /** Parts per million. */
    markup_ppm: number;
    /** From USD to the currency; absent: it is USD. */
    exchange_rate?: ExchangeRate;
  };
};

export type SnapshotFrozen = {
  type: 'SnapshotFrozen';
  data: {
    snapshot_id: string;
    period_id: string;
    number: number;
    /** RFC 8785 JSON text of the snapshot's body. */
    body: string;
    /** SHA-256 over the UTF-8 bytes of `body`, lower-case hex. */
    hash: string;
  };
};

export type BillingEvent = PeriodOpened | PeriodClosing | SnapshotFrozen;

/** Stream `invoice-<id>`. */
export type InvoiceIssued = {
  type: 'InvoiceIssued';
  data: {
    invoice_id: string;
    customer_id: string;
    snapshot_id: string;
    snapshot_hash: string;
    /** RFC 8785 JSON text of the invoice. */
    body: string;
    hash: string;
  };
};

export type InvoiceEvent =
  | InvoiceIssued
  | InvoiceTermsFixed
  | InvoiceNumbered
  | CreditNoteIssued
  | CreditNoteNumbered;

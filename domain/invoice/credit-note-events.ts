/**
 * Credit notes: what of an issued invoice is not to be paid, or is given back. They are events of the
 * invoice's own stream, so that two at once cannot credit more than there is. The invoice itself never
 * changes (I4).
 */
import { streamCategory } from '../stream/stream-category.ts';

/** By the id of the series: each seller has one of its own, without gaps. */
export const creditNoteSeriesStreams = streamCategory('credit_note_series');

export type CreditReason =
  | 'duplicate'
  | 'fraudulent'
  | 'order_change'
  | 'product_unsatisfactory'
  | 'other';

export type CreditNoteLine = {
  /** Place in the invoice's lines, from 0; null: of no line of it. */
  line: number | null;
  description: string;
  /** Without tax, above 0. */
  amount_minor: number;
};

/** Fixed when it is issued, like those of an invoice; seller, buyer and tax are the invoice's. */
export type CreditNoteTerms = {
  series: string;
  /** The number is not below this revision of the series. */
  series_from: string;
  number_format: string;
  /** A day in the seller's time zone, and as the buyer's locale writes it. */
  issued_on: string;
  issued_text: string;
};

export type CreditNoteIssued = {
  type: 'CreditNoteIssued';
  data: {
    invoice_id: string;
    credit_note_id: string;
    /** `void`: nothing of the invoice is to be paid, as if it had not been issued. */
    kind: 'credit' | 'void';
    reason: CreditReason;
    memo: string | null;
    lines: CreditNoteLine[];
    net_minor: number;
    tax_minor: number;
    total_minor: number;
    issued_at: string;
    /** Null: the invoice has no number either. */
    terms: CreditNoteTerms | null;
  };
};

export type CreditNoteNumbered = {
  type: 'CreditNoteNumbered';
  data: {
    invoice_id: string;
    credit_note_id: string;
    series: string;
    sequence: number;
    number: string;
  };
};

/** Its place in its stream, from 1, is the number. */
export type CreditNoteNumberGiven = {
  type: 'CreditNoteNumberGiven';
  data: { invoice_id: string; credit_note_id: string };
};

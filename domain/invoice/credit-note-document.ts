/** The document of a credit note: what its JSON, HTML and PDF say, from the events of its invoice's stream alone (I4). */
import type { CreditNoteIssued, CreditNoteLine } from './credit-note-events.ts';
import { type InvoiceDocument, invoiceDocument, type NumberedInvoice } from './document.ts';
import type { CreditNote } from './issued-invoice.ts';

export type CreditNoteDocument = Pick<
  InvoiceDocument,
  | 'layout'
  | 'invoice_id'
  | 'invoice_hash'
  | 'snapshot_id'
  | 'snapshot_hash'
  | 'customer_id'
  | 'period'
  | 'seller'
  | 'buyer'
  | 'currency'
  | 'tax'
  | 'verify'
> &
  Pick<CreditNoteIssued['data'], 'credit_note_id' | 'kind' | 'reason' | 'memo' | 'issued_at'> & {
    object: 'credit_note_document';
    number: string;
    /** Of the invoice that it credits, and its day. */
    invoice_number: string;
    invoice_issued_on: string;
    issued_on: string;
    lines: CreditNoteLine[];
    net_minor: number;
    /** Net and tax: what the customer has good. */
    credited_minor: number;
  };

/** @returns null: it has no number */
export function creditNoteDocument(
  invoice: NumberedInvoice,
  { number, terms, ...note }: CreditNote,
): CreditNoteDocument | null {
  if (number === null || terms === null) return null;
  const of = invoiceDocument(invoice);
  return {
    object: 'credit_note_document',
    layout: of.layout,
    number,
    credit_note_id: note.credit_note_id,
    kind: note.kind,
    reason: note.reason,
    memo: note.memo,
    invoice_id: of.invoice_id,
    invoice_number: of.number,
    invoice_issued_on: of.issued_on,
    invoice_hash: of.invoice_hash,
    snapshot_id: of.snapshot_id,
    snapshot_hash: of.snapshot_hash,
    customer_id: of.customer_id,
    issued_at: note.issued_at,
    issued_on: terms.issued_on,
    period: of.period,
    seller: of.seller,
    buyer: of.buyer,
    currency: of.currency,
    lines: note.lines,
    net_minor: note.net_minor,
    tax: { ...of.tax, amount_minor: note.tax_minor },
    credited_minor: note.total_minor,
    verify: of.verify,
  };
}

/** The fold of `invoice-<id>`: what was issued, on which terms, under which number, and what was credited. */
import type { InvoiceEvent, InvoiceIssued } from '../period/period-events.ts';
import type { CreditNoteIssued } from './credit-note-events.ts';
import type { InvoiceTerms } from './document-events.ts';

export type CreditNote = CreditNoteIssued['data'] & {
  /** Null: it has none, or has none yet. */
  number: string | null;
};

export type IssuedInvoice = {
  issued: InvoiceIssued['data'];
  /** Null: it is not a document yet. */
  terms: InvoiceTerms | null;
  number: string | null;
  /** In the order of their issue. */
  credits: readonly CreditNote[];
};

/**
 * @param state undefined before the first event
 * @throws Error if the stream breaks its own rules: what a document says never changes (I4)
 */
export function evolveInvoice(
  state: IssuedInvoice | undefined,
  event: InvoiceEvent,
): IssuedInvoice {
  if (event.type === 'InvoiceIssued') {
    if (state !== undefined) throw new Error(`${event.data.invoice_id} is issued twice`);
    return { issued: event.data, terms: null, number: null, credits: [] };
  }
  const { invoice_id: id } = event.data;
  if (state === undefined) throw new Error(`${event.type} of ${id} before InvoiceIssued`);
  switch (event.type) {
    case 'InvoiceTermsFixed':
      if (state.terms !== null) throw new Error(`${id} has its terms already`);
      return { ...state, terms: event.data };
    case 'InvoiceNumbered':
      if (state.terms === null) throw new Error(`${id} has no terms`);
      if (state.number !== null) throw new Error(`${id} has its number already`);
      return { ...state, number: event.data.number };
    case 'CreditNoteIssued': {
      const { credit_note_id } = event.data;
      if (creditOf(state, credit_note_id) !== undefined) {
        throw new Error(`${credit_note_id} is issued twice`);
      }
      return { ...state, credits: [...state.credits, { ...event.data, number: null }] };
    }
    case 'CreditNoteNumbered': {
      const { credit_note_id, number } = event.data;
      const noted = creditOf(state, credit_note_id);
      if (noted?.number !== null) throw new Error(`${credit_note_id} cannot take ${number}`);
      const credits = state.credits.map((one) => (one === noted ? { ...one, number } : one));
      return { ...state, credits };
    }
    default:
      return event satisfies never;
  }
}

/** @returns undefined: the invoice has no such credit note */
export function creditOf(
  { credits }: Pick<IssuedInvoice, 'credits'>,
  creditNoteId: string,
): CreditNote | undefined {
  return credits.find(({ credit_note_id: id }) => id === creditNoteId);
}

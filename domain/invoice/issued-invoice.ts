/** The fold of `invoice-<id>`: what was issued, on which terms, under which number. */
import type { InvoiceEvent, InvoiceIssued } from '../period/period-events.ts';
import type { InvoiceTerms } from './document-events.ts';

export type IssuedInvoice = {
  issued: InvoiceIssued['data'];
  /** Null: it is not a document yet. */
  terms: InvoiceTerms | null;
  number: string | null;
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
    return { issued: event.data, terms: null, number: null };
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
    default:
      return event satisfies never;
  }
}

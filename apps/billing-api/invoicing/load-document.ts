/** Documents of invoices and of credit notes from the events of their stream, and from nothing else (I4). */
import {
  type CreditNoteDocument,
  creditNoteDocument,
} from '@tollgate/domain/invoice/credit-note-document.ts';
import {
  type InvoiceDocument,
  invoiceDocument,
  type NumberedInvoice,
} from '@tollgate/domain/invoice/document.ts';
import type { DocumentFormat } from '@tollgate/domain/invoice/document-events.ts';
import { creditOf, type IssuedInvoice } from '@tollgate/domain/invoice/issued-invoice.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import { loadIssuedInvoice } from '../closing/streams.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../http/errors.ts';
import { numberCreditNotes } from './credit-notes.ts';

/** @throws ApiProblem invoice_not_found, invoice_not_numbered */
export async function loadDocument(
  { ledger }: Pick<ApiContext, 'ledger'>,
  invoiceId: string,
): Promise<{ document: InvoiceDocument; format: DocumentFormat }> {
  const invoice = await loadIssuedInvoice(ledger, invoiceId);
  if (invoice === undefined) throw new ApiProblem('invoice_not_found');
  const numbered = numberedOf(invoice);
  return { document: invoiceDocument(numbered), format: numbered.terms.format };
}

/** @throws ApiProblem credit_note_not_found, invoice_not_numbered */
export async function loadCreditNote(
  context: Pick<ApiContext, 'ledger' | 'billing'>,
  creditNoteId: string,
): Promise<{ document: CreditNoteDocument; format: DocumentFormat; issuedText: string }> {
  const invoiceId = context.billing.creditNote(creditNoteId)?.invoice_id;
  if (invoiceId === undefined) throw new ApiProblem('credit_note_not_found');
  // The process that issued it may have died before its number.
  await numberCreditNotes(context, invoiceId);
  const invoice = await loadIssuedInvoice(context.ledger, invoiceId);
  const note = invoice && creditOf(invoice, creditNoteId);
  if (invoice === undefined || note === undefined) throw new ApiProblem('credit_note_not_found');
  const numbered = numberedOf(invoice);
  const document = creditNoteDocument(numbered, note);
  if (document === null) throw new ApiProblem('invoice_not_numbered');
  const { format } = numbered.terms;
  return { document, format, issuedText: note.terms?.issued_text ?? document.issued_on };
}

function numberedOf({ issued, terms, number }: IssuedInvoice): NumberedInvoice {
  if (terms === null || number === null) throw new ApiProblem('invoice_not_numbered');
  return { body: invoiceBody.parse(JSON.parse(issued.body)), hash: issued.hash, terms, number };
}

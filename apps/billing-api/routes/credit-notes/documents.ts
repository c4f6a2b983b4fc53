/** /v1/credit_notes/{id}/document.*: what a customer gets. It never changes once it has its number (I4). */
import type { DocumentKind } from '@tollgate/adapters/documents/document-thread.ts';
import { printedCreditNote } from '@tollgate/domain/invoice/printed-credit-note.ts';
import { creditNoteDocument, creditNoteParams } from '@tollgate/schemas/billing/credit-notes.ts';
import type { ApiContext } from '../../context.ts';
import { type Download, defineRoute, download } from '../../http/route.ts';
import { loadCreditNote } from '../../invoicing/load-document.ts';
import { renderedDocument } from '../invoices/documents.ts';

const ABSENT = ['credit_note_not_found', 'invoice_not_numbered'] as const;

export const getCreditNoteDocument = defineRoute({
  operationId: 'getCreditNoteDocument',
  method: 'GET',
  path: '/v1/credit_notes/{credit_note_id}/document.json',
  tag: 'Billing',
  summary: 'Retrieve the document of a credit note: seller, buyer, number, tax, lines',
  params: creditNoteParams,
  status: 200,
  response: creditNoteDocument,
  errors: ABSENT,
  handler: async ({ params }, context) =>
    (await loadCreditNote(context, params.credit_note_id)).document,
});

export const getCreditNotePdf = defineRoute({
  operationId: 'getCreditNotePdf',
  method: 'GET',
  path: '/v1/credit_notes/{credit_note_id}/document.pdf',
  tag: 'Downloads',
  summary: 'Download a credit note as PDF; the same bytes each time',
  params: creditNoteParams,
  downloads: ['application/pdf'],
  status: 200,
  response: download,
  errors: [...ABSENT, 'documents_busy', 'document_not_printable'],
  handler: ({ params }, context) => fileOf(context, params.credit_note_id, 'pdf'),
});

export const getCreditNoteHtml = defineRoute({
  operationId: 'getCreditNoteHtml',
  method: 'GET',
  path: '/v1/credit_notes/{credit_note_id}/document.html',
  tag: 'Downloads',
  summary: 'Download a credit note as a page that prints well',
  params: creditNoteParams,
  downloads: ['text/html'],
  status: 200,
  response: download,
  errors: [...ABSENT, 'documents_busy'],
  handler: ({ params }, context) => fileOf(context, params.credit_note_id, 'html'),
});

async function fileOf(
  context: Pick<ApiContext, 'ledger' | 'billing' | 'documents'>,
  creditNoteId: string,
  kind: DocumentKind,
): Promise<Download> {
  const { document, format, issuedText } = await loadCreditNote(context, creditNoteId);
  const printed = printedCreditNote(document, format, issuedText);
  return renderedDocument(context, document.number, printed, kind);
}

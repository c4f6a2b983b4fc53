/** /v1/invoices/{id}/document.*: what a customer gets. It never changes once it has its number (I4). */
import { type DocumentKind, DocumentsBusy } from '@tollgate/adapters/documents/document-thread.ts';
import { NotPrintable } from '@tollgate/adapters/documents/not-printable.ts';
import { type PrintedInvoice, printedInvoice } from '@tollgate/domain/invoice/printed.ts';
import { invoiceDocument, invoiceNumbering } from '@tollgate/schemas/billing/invoice-document.ts';
import { invoiceParams } from '@tollgate/schemas/billing/requests.ts';
import { loadIssuedInvoice } from '../../closing/streams.ts';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { type Download, defineRoute, download } from '../../http/route.ts';
import { loadDocument } from '../../invoicing/load-document.ts';
import { numberInvoice } from '../../invoicing/number-invoice.ts';

export const getInvoiceDocument = defineRoute({
  operationId: 'getInvoiceDocument',
  method: 'GET',
  path: '/v1/invoices/{invoice_id}/document.json',
  tag: 'Billing',
  summary: 'Retrieve the document of an invoice: seller, buyer, number, tax, lines',
  params: invoiceParams,
  status: 200,
  response: invoiceDocument,
  errors: ['invoice_not_found', 'invoice_not_numbered'],
  handler: async ({ params }, context) => (await loadDocument(context, params.invoice_id)).document,
});

const FILES = ['invoice_not_found', 'invoice_not_numbered', 'documents_busy'] as const;

export const getInvoicePdf = defineRoute({
  operationId: 'getInvoicePdf',
  method: 'GET',
  path: '/v1/invoices/{invoice_id}/document.pdf',
  tag: 'Downloads',
  summary: 'Download an invoice as PDF; the same bytes each time',
  params: invoiceParams,
  downloads: ['application/pdf'],
  status: 200,
  response: download,
  errors: [...FILES, 'document_not_printable'],
  handler: ({ params }, context) => fileOf(context, params.invoice_id, 'pdf'),
});

export const getInvoiceHtml = defineRoute({
  operationId: 'getInvoiceHtml',
  method: 'GET',
  path: '/v1/invoices/{invoice_id}/document.html',
  tag: 'Downloads',
  summary: 'Download an invoice as a page that prints well',
  params: invoiceParams,
  downloads: ['text/html'],
  status: 200,
  response: download,
  errors: FILES,
  handler: ({ params }, context) => fileOf(context, params.invoice_id, 'html'),
});

const TYPES = { pdf: 'application/pdf', html: 'text/html; charset=utf-8' };

async function fileOf(
  context: Pick<ApiContext, 'ledger' | 'documents'>,
  invoiceId: string,
  kind: DocumentKind,
): Promise<Download> {
  const { document, format } = await loadDocument(context, invoiceId);
  return renderedDocument(context, document.number, printedInvoice(document, format), kind);
}

/** @throws ApiProblem documents_busy, document_not_printable */
export async function renderedDocument(
  { documents }: Pick<ApiContext, 'documents'>,
  number: string,
  printed: PrintedInvoice,
  kind: DocumentKind,
): Promise<Download> {
  try {
    const body = await documents.render(kind, printed);
    const filename = `${number.replaceAll(/[^A-Za-z0-9._-]/g, '-')}.${kind}`;
    return { type: TYPES[kind], filename, body, compressible: true };
  } catch (cause) {
    if (cause instanceof DocumentsBusy) throw new ApiProblem('documents_busy', { cause });
    if (!(cause instanceof NotPrintable)) throw cause;
    const characters = cause.characters.slice(0, CHARACTERS_NAMED_MAX);
    throw new ApiProblem('document_not_printable', { extra: { characters } });
  }
}

const CHARACTERS_NAMED_MAX = 20;

export const numberInvoiceRoute = defineRoute({
  operationId: 'numberInvoice',
  method: 'POST',
  path: '/v1/invoices/{invoice_id}/number',
  tag: 'Billing',
  summary: 'Give a number to an invoice that was issued before its seller was configured',
  description:
    'Its date is the day of this request. An invoice that has its number keeps it, and the answer ' +
    'says which it is.',
  params: invoiceParams,
  status: 200,
  response: invoiceNumbering,
  errors: ['invoice_not_found', 'seller_not_configured'],
  async handler({ params }, context) {
    const { invoice_id } = params;
    const invoice = await loadIssuedInvoice(context.ledger, invoice_id);
    if (invoice === undefined) throw new ApiProblem('invoice_not_found');
    const numbering = await numberInvoice(context, invoice_id);
    if (numbering.kind === 'no_seller') throw new ApiProblem('seller_not_configured');
    return { object: 'invoice_number' as const, invoice_id, number: numbering.number };
  },
});

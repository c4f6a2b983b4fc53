/** /v1/invoices/{id}/document.*: what a customer gets. It never changes once it has its number (I4). */
import { invoiceDocument, invoiceNumbering } from '@tollgate/schemas/billing/invoice-document.ts';
import { invoiceParams } from '@tollgate/schemas/billing/requests.ts';
import { loadIssuedInvoice } from '../../closing/streams.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
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

/** The document of an invoice from the events of its stream, and from nothing else (I4). */
import { type InvoiceDocument, invoiceDocument } from '@tollgate/domain/invoice/document.ts';
import type { DocumentFormat } from '@tollgate/domain/invoice/document-events.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import { loadIssuedInvoice } from '../closing/streams.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../http/errors.ts';

/** @throws ApiProblem invoice_not_found, invoice_not_numbered */
export async function loadDocument(
  { ledger }: Pick<ApiContext, 'ledger'>,
  invoiceId: string,
): Promise<{ document: InvoiceDocument; format: DocumentFormat }> {
  const invoice = await loadIssuedInvoice(ledger, invoiceId);
  if (invoice === undefined) throw new ApiProblem('invoice_not_found');
  const { issued, terms, number } = invoice;
  if (terms === null || number === null) throw new ApiProblem('invoice_not_numbered');
  const body = invoiceBody.parse(JSON.parse(issued.body));
  const document = invoiceDocument({ body, hash: issued.hash, terms, number });
  return { document, format: terms.format };
}

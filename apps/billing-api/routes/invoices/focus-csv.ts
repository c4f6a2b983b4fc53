/** GET /v1/invoices/{invoice_id}/focus.csv: the invoice as a FOCUS cost and usage dataset. */
import type { InvoiceBody } from '@tollgate/domain/invoice/invoice.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import { invoiceParams } from '@tollgate/schemas/billing/requests.ts';
import { focusQuery } from '@tollgate/schemas/http/exports.ts';
import { loadInvoice } from '../../closing/streams.ts';
import type { ApiContext } from '../../context.ts';
import { csvLines, headerLine } from '../../exports/csv.ts';
import { focusColumns, focusRows } from '../../exports/focus.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute, download } from '../../http/route.ts';

export const downloadInvoiceFocus = defineRoute({
  operationId: 'downloadInvoiceFocus',
  method: 'GET',
  path: '/v1/invoices/{invoice_id}/focus.csv',
  tag: 'Downloads',
  summary: 'Download an invoice in FOCUS 1.2; `BilledCost` adds up to its total',
  params: invoiceParams,
  query: focusQuery,
  downloads: ['text/csv'],
  status: 200,
  response: download,
  errors: ['invoice_not_found'],
  async handler({ params, query }, context) {
    const issued = await loadInvoice(context.ledger, params.invoice_id);
    if (issued === undefined) throw new ApiProblem('invoice_not_found');
    const invoice = invoiceBody.parse(JSON.parse(issued.body));
    const rows = focusRows(invoice, {
      accountName: context.directory.customers.get(invoice.customer_id)?.state.name ?? null,
      issuer: query.issuer,
      periodOf: (number) => boundsOf(context, invoice, number),
    });
    return {
      type: 'text/csv; charset=utf-8; header=present',
      filename: `${invoice.id}-focus.csv`,
      body: headerLine(focusColumns) + csvLines(focusColumns, rows, query.escape === 'none'),
      compressible: true,
    };
  },
});

/** Of the period that a line's usage belongs to. */
function boundsOf({ billing }: ApiContext, invoice: InvoiceBody, number: number) {
  const period = billing.billing(invoice.customer_id).periods[number - 1];
  if (period !== undefined) return { startMs: period.startMs, endMs: period.endMs };
  const [startMs, endMs] = [Date.parse(invoice.period_start), Date.parse(invoice.period_end)];
  return { startMs, endMs };
}

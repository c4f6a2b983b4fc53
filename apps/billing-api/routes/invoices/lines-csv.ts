/** GET /v1/invoices/{invoice_id}/lines.csv. */

import { minorUnitPlaces } from '@tollgate/domain/invoice/currency.ts';
import type { InvoiceBody, InvoiceLine } from '@tollgate/domain/invoice/invoice.ts';
import { formatDecimal } from '@tollgate/domain/money/money.ts';
import { SUMMED_QUANTITIES } from '@tollgate/domain/period/snapshot.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import { invoiceParams } from '@tollgate/schemas/billing/requests.ts';
import { csvQuery } from '@tollgate/schemas/http/exports.ts';
import { loadInvoice } from '../../closing/streams.ts';
import { type Column, csvLines, headerLine } from '../../exports/csv.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute, download } from '../../http/route.ts';

export const downloadInvoiceLines = defineRoute({
  operationId: 'downloadInvoiceLines',
  method: 'GET',
  path: '/v1/invoices/{invoice_id}/lines.csv',
  tag: 'Downloads',
  summary: 'Download the lines of an invoice as CSV; the amounts add up to its total',
  params: invoiceParams,
  query: csvQuery,
  downloads: ['text/csv'],
  status: 200,
  response: download,
  errors: ['invoice_not_found'],
  async handler({ params, query }, { ledger }) {
    const issued = await loadInvoice(ledger, params.invoice_id);
    if (issued === undefined) throw new ApiProblem('invoice_not_found');
    const invoice = invoiceBody.parse(JSON.parse(issued.body));
    const columns = columnsOf(invoice);
    return {
      type: 'text/csv; charset=utf-8; header=present',
      filename: `${invoice.id}-lines.csv`,
      body: headerLine(columns) + csvLines(columns, invoice.lines, query.escape === 'none'),
      compressible: true,
    };
  },
});

function columnsOf({ id, currency }: InvoiceBody): Column<InvoiceLine>[] {
  const places = minorUnitPlaces(currency);
  return [
    { name: 'invoice_id', value: () => id, isPlain: true },
    { name: 'kind', value: ({ kind }) => kind, isPlain: true },
    { name: 'period_number', value: (line) => line.period_number },
    { name: 'description', value: ({ description }) => description },
    { name: 'provider', value: ({ provider }) => provider },
    { name: 'model', value: ({ model }) => model },
    { name: 'events', value: ({ events }) => events },
    ...SUMMED_QUANTITIES.map((name) => ({ name, value: (line: InvoiceLine) => line[name] })),
    { name: 'estimated_events', value: (line) => line.estimated_events },
    { name: 'cost_usd', value: ({ cost }) => cost, isPlain: true },
    { name: 'estimated_cost_usd', value: (line) => line.estimated_cost, isPlain: true },
    { name: 'markup_ppm', value: (line) => line.markup_ppm },
    { name: 'currency', value: () => currency, isPlain: true },
    {
      name: 'amount',
      value: (line) => formatDecimal(BigInt(line.amount_minor), places),
      isPlain: true,
    },
    { name: 'amount_minor', value: (line) => line.amount_minor },
  ];
}

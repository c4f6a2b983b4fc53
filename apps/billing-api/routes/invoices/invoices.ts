/** GET /v1/invoices and /v1/invoices/{id}. An invoice never changes once it is issued (I4). */
import { formatInstant } from '@tollgate/domain/period/calendar.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import {
  billingListQuery,
  type InvoiceSummary,
  invoiceList,
  invoiceParams,
  invoiceView,
} from '@tollgate/schemas/billing/requests.ts';
import type { InvoiceEntry } from '../../closing/billing-index.ts';
import { loadInvoice } from '../../closing/streams.ts';
import { ApiProblem } from '../../http/errors.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { exportView } from '../invoice-exports/export-view.ts';

export const listInvoices = defineRoute({
  operationId: 'listInvoices',
  method: 'GET',
  path: '/v1/invoices',
  tag: 'Billing',
  summary: 'List invoices',
  query: billingListQuery,
  status: 200,
  response: invoiceList,
  errors: [],
  async handler({ query }, { billing }) {
    return pageOf(billing.invoices(query.customer_id), query, ({ id }) => id, summaryOf);
  },
});

export const getInvoice = defineRoute({
  operationId: 'getInvoice',
  method: 'GET',
  path: '/v1/invoices/{invoice_id}',
  tag: 'Billing',
  summary: 'Retrieve an invoice with its lines',
  params: invoiceParams,
  status: 200,
  response: invoiceView,
  errors: ['invoice_not_found'],
  async handler({ params }, { billing, ledger, exports, clock }) {
    const entry = billing.invoice(params.invoice_id);
    const issued = await loadInvoice(ledger, params.invoice_id);
    if (entry === undefined || issued === undefined) throw new ApiProblem('invoice_not_found');
    const body = invoiceBody.parse(JSON.parse(issued.body));
    const exported = exports.of(params.invoice_id);
    return {
      ...body,
      hash: issued.hash,
      issued_at: formatInstant(entry.issuedAtMs),
      export: exported === undefined ? null : exportView(exported, clock()),
    };
  },
});

function summaryOf(entry: InvoiceEntry): InvoiceSummary {
  return {
    object: 'invoice',
    id: entry.id,
    customer_id: entry.customerId,
    snapshot_id: entry.snapshotId,
    snapshot_hash: entry.snapshotHash,
    period_id: entry.periodId,
    period_number: entry.periodNumber,
    period_start: entry.periodStart,
    period_end: entry.periodEnd,
    currency: entry.currency,
    total_minor: entry.totalMinor,
    hash: entry.hash,
    issued_at: formatInstant(entry.issuedAtMs),
    credited_minor: entry.creditedMinor,
    invoice_number: entry.number,
  };
}

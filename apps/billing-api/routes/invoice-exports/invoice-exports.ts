/**
 * POST /v1/invoices/{id}/export, GET /v1/invoice_exports, and who a customer is in the payment system. A
 * request only says that it is to be done: the exporter does it (apps/exporter).
 */
import { exportEvents, paymentCustomerEvents } from '@tollgate/adapters/ledger/categories.ts';
import {
  evolveExport,
  exportStateOf,
  type InvoiceExport,
} from '@tollgate/domain/payment/invoice-export.ts';
import type {
  ExportEvent,
  PaymentCustomerMapped,
} from '@tollgate/domain/payment/payment-events.ts';
import { invoiceParams } from '@tollgate/schemas/billing/requests.ts';
import { customerParams } from '@tollgate/schemas/http/customers.ts';
import {
  invoiceExportList,
  invoiceExportQuery,
  invoiceExportView,
  paymentCustomerRequest,
  paymentCustomerView,
} from '@tollgate/schemas/http/invoice-exports.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem, type ErrorCode } from '../../http/errors.ts';
import { isWanted, pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { exportRequest } from '../../payments/request-export.ts';
import { exportView } from './export-view.ts';

export const exportInvoice = defineRoute({
  operationId: 'exportInvoice',
  method: 'POST',
  path: '/v1/invoices/{invoice_id}/export',
  tag: 'Billing',
  summary: 'Export an invoice to Stripe',
  description:
    'The answer says how far it is; `GET /v1/invoices/{invoice_id}` says how it goes on. An export ' +
    'is made once: asking again changes nothing, but lets one go on that has stopped for a person.',
  params: invoiceParams,
  status: 202,
  response: invoiceExportView,
  errors: ['invoice_not_found', 'payments_not_configured', 'concurrent_change'],
  async handler({ params, commandId, timeMs }, context) {
    const { payments, billing, exports } = context;
    if (payments === undefined) throw new ApiProblem('payments_not_configured');
    const invoice = billing.invoice(params.invoice_id);
    if (invoice === undefined) throw new ApiProblem('invoice_not_found');
    const at = new Date(timeMs).toISOString();
    const named = { invoiceId: invoice.id, customerId: invoice.customerId };
    const requested = await exportRequest(context, named, payments.policy, timeMs);
    const { state } = await carryOut<InvoiceExport, ExportEvent>(
      { ...context, directory: exports },
      {
        category: exportEvents,
        id: invoice.id,
        commandId,
        evolve: evolveExport,
        decide(before) {
          if (before === undefined) return requested;
          if (before.stopped === null) return null;
          return { type: 'ExportResumed', data: { invoice_id: invoice.id, resumed_at: at } };
        },
      },
    );
    return exportView(state, context.clock());
  },
});

export const listInvoiceExports = defineRoute({
  operationId: 'listInvoiceExports',
  method: 'GET',
  path: '/v1/invoice_exports',
  tag: 'Billing',
  summary: 'List exports of invoices, such as those that wait for a person',
  query: invoiceExportQuery,
  status: 200,
  response: invoiceExportList,
  errors: [],
  async handler({ query }, { exports, clock }) {
    const nowMs = clock();
    return pageOf(
      exports.all(),
      query,
      ({ invoiceId }) => invoiceId,
      (one) => exportView(one, nowMs),
      (one) =>
        isWanted(query.customer_id, one.customerId) && isWanted(query.state, exportStateOf(one)),
    );
  },
});

type Mapping = PaymentCustomerMapped['data'];

export const mapPaymentCustomer = defineRoute({
  operationId: 'mapPaymentCustomer',
  method: 'POST',
  path: '/v1/customers/{customer_id}/payment_customer',
  tag: 'Customers',
  summary: 'Say which customer of Stripe a customer is',
  description: 'Holds for exports whose customer is not chosen yet.',
  params: customerParams,
  body: paymentCustomerRequest,
  status: 200,
  response: paymentCustomerView,
  errors: ['customer_not_found', 'concurrent_change'],
  async handler({ params, body, commandId }, context) {
    const customer = context.directory.findCustomer(params.customer_id)?.state;
    if (customer === undefined) throw new ApiProblem('customer_not_found');
    const { customer_id } = customer;
    const { external_customer_id } = body;
    const named = { customer_id, system: 'stripe', external_customer_id } as const;
    await carryOut<Mapping, PaymentCustomerMapped>(
      { ...context, directory: context.exports },
      {
        category: paymentCustomerEvents,
        id: customer_id,
        commandId,
        evolve: (_before, { data }) => data,
        decide(before): PaymentCustomerMapped | null | { refused: ErrorCode } {
          if (before?.external_customer_id === external_customer_id) return null;
          return { type: 'PaymentCustomerMapped', data: { ...named, how: 'given' } };
        },
      },
    );
    return { object: 'payment_customer' as const, ...named };
  },
});

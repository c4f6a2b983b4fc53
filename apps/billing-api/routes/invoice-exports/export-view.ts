/** An export as the API shows it. */
import { exportStateOf, type InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import type { ExportCredited } from '@tollgate/domain/payment/payment-events.ts';
import { overdueMs, type PaymentState } from '@tollgate/domain/payment/payment-state.ts';
import type { InvoiceExportView } from '@tollgate/schemas/http/invoice-exports.ts';

export function exportView(state: InvoiceExport, nowMs: number): InvoiceExportView {
  const { finalized, balance, failure } = state;
  return {
    object: 'invoice_export',
    invoice_id: state.invoiceId,
    customer_id: state.customerId,
    system: state.system,
    state: exportStateOf(state),
    requested_at: iso(state.requestedAtMs),
    outcome: state.done,
    external_customer_id: state.customer,
    external_id: balance?.external_id ?? state.draft,
    number: finalized?.number ?? null,
    hosted_url: finalized?.hosted_url ?? null,
    pdf_url: finalized?.pdf_url ?? null,
    subtotal_minor: finalized?.subtotal_minor ?? balance?.amount_minor ?? null,
    total_minor: finalized?.total_minor ?? balance?.amount_minor ?? null,
    stopped: state.stopped,
    failure:
      failure === null
        ? null
        : {
            error: failure.error,
            message: failure.message,
            failures: failure.count,
            next_attempt_at: iso(failure.nextAtMs),
          },
    stray_drafts: [...state.strays],
    metered: meteredView(state),
    credits: state.credits.map(({ credit_note_id, made }) => ({
      credit_note_id,
      outcome: made === null ? null : outcomeOf(made),
    })),
    payment: state.payment === null ? null : paymentView(state.payment, nowMs),
  };
}

function outcomeOf({ invoice_id: _i, credit_note_id: _c, ...outcome }: ExportCredited['data']) {
  return outcome;
}

function meteredView({ policy, metered }: InvoiceExport): InvoiceExportView['metered'] {
  if (policy.meters === undefined) return null;
  const parts = [...metered.values()];
  const differences = parts.flatMap((part) => part.differences);
  const all = parts.reduce((sum, { events }) => sum + events, 0);
  return { events: all - differences.length, differences };
}

function paymentView(payment: PaymentState, nowMs: number): InvoiceExportView['payment'] {
  return {
    status: payment.status,
    amount_due_minor: payment.amountDueMinor,
    amount_paid_minor: payment.amountPaidMinor,
    credited_minor: payment.creditedMinor,
    attempts: payment.attempts,
    due_at: payment.dueAtMs === null ? null : iso(payment.dueAtMs),
    is_overdue: overdueMs(payment, nowMs) > 0,
  };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}

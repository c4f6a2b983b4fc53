/** Records what a payment system says of an invoice: once each, and only if it says something new. */
import { appendDecided } from '@tollgate/adapters/ledger/append-decided.ts';
import { exportEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { PaymentInvoice } from '@tollgate/adapters/payments/payments.ts';
import { evolveExport, type InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import type {
  ExportEvent,
  PaymentReported,
  PaymentStatus,
} from '@tollgate/domain/payment/payment-events.ts';
import { saysMore } from '@tollgate/domain/payment/payment-state.ts';

export type PaymentReport = {
  source: 'webhook' | 'read';
  /** The same for repetitions. */
  sourceId: string;
  atMs: number;
  invoice: PaymentInvoice;
};

const BOUNDS = { conflictsMax: 16, failuresMax: 3, pageEvents: 1_000 };

/** @throws Error if the ledger does not take it; a repetition is the same append */
export async function reportPayment(
  ledger: Ledger,
  invoiceId: string,
  report: PaymentReport,
): Promise<void> {
  const { invoice, sourceId } = report;
  const { status } = invoice;
  // A draft asks nobody for money yet.
  if (status === 'draft') return;
  const event = reported(invoiceId, report, status);
  const outcome = await appendDecided<InvoiceExport, ExportEvent, 'unknown'>(
    ledger,
    {
      category: exportEvents,
      id: invoiceId,
      commandId: sourceId,
      evolve: evolveExport,
      decide(state) {
        if (state === undefined) return { refused: 'unknown' };
        // Another object than ours: a copy that somebody made of it keeps its metadata.
        if (state.draft !== invoice.externalId) return null;
        return saysMore(state.payment, event.data) ? event : null;
      },
    },
    BOUNDS,
  );
  if (outcome.kind === 'contended') throw new Error(`${invoiceId}: its stream is contended`);
  if (outcome.kind === 'unavailable') {
    throw new Error('the ledger does not answer', { cause: outcome.cause });
  }
}

function reported(
  invoiceId: string,
  { source, sourceId, atMs, invoice }: PaymentReport,
  status: PaymentStatus,
): PaymentReported {
  return {
    type: 'PaymentReported',
    data: {
      invoice_id: invoiceId,
      external_id: invoice.externalId,
      source,
      source_id: sourceId,
      status,
      amount_due_minor: invoice.amountDueMinor,
      amount_paid_minor: invoice.amountPaidMinor,
      credited_minor: invoice.creditedMinor,
      attempts: invoice.attempts,
      due_at: invoice.dueAtMs === null ? null : new Date(invoice.dueAtMs).toISOString(),
      at: new Date(atMs).toISOString(),
    },
  };
}

/**
 * Reopens exports whose usage went to meters within the last day: Stripe has rejected some usage that it had
 * taken. Its report names samples only, so the exporter asks what was counted of each.
 */
import { appendDecided } from '@tollgate/adapters/ledger/append-decided.ts';
import { exportEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { evolveExport, type InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import type { ExportEvent } from '@tollgate/domain/payment/payment-events.ts';

const BOUNDS = { conflictsMax: 16, failuresMax: 3, pageEvents: 1_000 };

/** Stripe checks usage minutes after it has taken it; a notice is repeated for three days. */
const CHECKED_WITHIN_MS = 24 * 60 * 60 * 1000;

/** @throws Error if the ledger does not take it; a repetition is the same append */
export async function reopenMetered(
  ledger: Ledger,
  exports: readonly InvoiceExport[],
  report: { id: string; createdMs: number; nowMs: number },
): Promise<void> {
  const touched = exports.filter(
    ({ meteredAtMs }) =>
      meteredAtMs !== null && meteredAtMs + CHECKED_WITHIN_MS >= report.createdMs,
  );
  for (const { invoiceId } of touched) await reopen(ledger, invoiceId, report);
}

async function reopen(
  ledger: Ledger,
  invoiceId: string,
  { id, nowMs }: { id: string; nowMs: number },
): Promise<void> {
  const reopened_at = new Date(nowMs).toISOString();
  const outcome = await appendDecided<InvoiceExport, ExportEvent, never>(
    ledger,
    {
      ...{ category: exportEvents, id: invoiceId, commandId: id, evolve: evolveExport },
      decide(state) {
        if (state?.done !== 'meters') return null;
        const data = { invoice_id: invoiceId, report_id: id, reopened_at };
        return { type: 'ExportReopened', data };
      },
    },
    BOUNDS,
  );
  if (outcome.kind === 'contended') throw new Error(`${invoiceId}: its stream is contended`);
  if (outcome.kind === 'unavailable') {
    throw new Error('the ledger does not answer', { cause: outcome.cause });
  }
}

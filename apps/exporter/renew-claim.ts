/** Says in the ledger, while a step is made, that its process lives: others take it over once that ends. */
import { appendDecided } from '@tollgate/adapters/ledger/append-decided.ts';
import { exportEvents } from '@tollgate/adapters/ledger/categories.ts';
import { evolveExport, type InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import type { ExportEvent } from '@tollgate/domain/payment/payment-events.ts';
import type { ExporterDeps } from './exporter-deps.ts';

const BOUNDS = { conflictsMax: 4, failuresMax: 0, pageEvents: 1_000 };

/** Most steps end before the first one is due. */
export function renewClaim(
  deps: ExporterDeps,
  invoiceId: string,
  attempt: number,
): { stop(): void } {
  const { exportRenewMs, exportRenewalsMax } = deps.limits;
  let times = 0;
  const timer = setInterval(() => {
    times += 1;
    if (times >= exportRenewalsMax) clearInterval(timer);
    renew(deps, invoiceId, attempt, times).catch((error: unknown) =>
      deps.onError('a claim of the exporter was not renewed', error),
    );
  }, exportRenewMs);
  return { stop: () => clearInterval(timer) };
}

async function renew(
  { ledger, runId, clock }: ExporterDeps,
  invoiceId: string,
  attempt: number,
  times: number,
): Promise<void> {
  const renewed_at = new Date(clock()).toISOString();
  const data = { invoice_id: invoiceId, attempt, run_id: runId, renewed_at };
  const outcome = await appendDecided<InvoiceExport, ExportEvent, 'lost'>(
    ledger,
    {
      category: exportEvents,
      id: invoiceId,
      commandId: `${attempt}|${runId}|${times}`,
      evolve: evolveExport,
      decide(state) {
        // It has ended, or another process has taken it for dead.
        const isOurs = state?.running?.attempt === attempt && state.running.runId === runId;
        return isOurs ? { type: 'ExportStepRenewed', data } : { refused: 'lost' };
      },
    },
    BOUNDS,
  );
  // A renewal that got lost is followed by the next one.
  if (outcome.kind === 'unavailable') throw outcome.cause;
}

/**
 * The exporter: carries out what was requested, requests what the configuration exports by itself, and asks
 * about invoices that are open for long. It runs in a process of its own, or in the core; any number of them
 * may run at once.
 */
import { exportEvents } from '@tollgate/adapters/ledger/categories.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { type RunningProcess, startProcess } from '@tollgate/adapters/ledger/process-manager.ts';
import { reportPayment } from '@tollgate/billing-api/payments/report-payment.ts';
import { exportRequest } from '@tollgate/billing-api/payments/request-export.ts';
import type { InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import { advanceExport } from './export-run.ts';
import type { ExporterDeps } from './exporter-deps.ts';

export function startExporter(deps: ExporterDeps): RunningProcess {
  const { limits, onError } = deps;
  const shared = {
    retryMs: { first: limits.exporterRetryFirstMs, max: limits.exporterRetryMaxMs },
    onError,
  };
  const exporting = startProcess<InvoiceExport>({
    name: 'exporting',
    async due() {
      await requestWaiting(deps);
      return dueExports(deps);
    },
    idOf: ({ invoiceId }) => invoiceId,
    handle: ({ invoiceId }, signal) => advanceExport(deps, invoiceId, signal),
    pollMs: limits.exportPollMs,
    atOnceMax: limits.exportsAtOnceMax,
    ...shared,
  });
  const read = new Map<string, number>();
  const reading = startProcess<InvoiceExport>({
    name: 'reading the payment of',
    due: async () => dueReads(deps, read),
    idOf: ({ invoiceId }) => invoiceId,
    handle: (state) => readPayment(deps, state, read),
    pollMs: limits.paymentPollMs,
    ...shared,
  });
  return {
    async stop() {
      await Promise.all([exporting.stop(), reading.stop()]);
    },
  };
}

/** Those that may go on now. Of customers who are not known there yet one each, which makes them known. */
function dueExports({ index, clock, limits, runId }: ExporterDeps): InvoiceExport[] {
  const nowMs = clock();
  const unknown = new Set<string>();
  return index.open().filter(({ customerId, running, failure, customer }) => {
    const isElsewhere = running !== null && running.runId !== runId;
    if (isElsewhere && nowMs < running.claimedAtMs + limits.exportClaimMs) return false;
    if (failure !== null && nowMs < failure.nextAtMs) return false;
    if (customer !== null || index.customer(customerId) !== undefined) return true;
    if (unknown.has(customerId)) return false;
    unknown.add(customerId);
    return true;
  });
}

/** Invoices that the configuration exports by itself, once each, whichever process asks. */
async function requestWaiting(deps: ExporterDeps): Promise<void> {
  const { index, automaticSinceMs, ledger } = deps;
  if (automaticSinceMs === null) return;
  for (const invoice of index.waiting(automaticSinceMs)) {
    const stream = exportEvents.of(invoice.invoiceId);
    const requested = await exportRequest(deps, invoice, deps.policy, deps.clock());
    const event = newLedgerEvent(stream, requested, invoice.invoiceId);
    const result = await ledger.append(stream, 'no_stream', [event]);
    if (result.ok) await index.sees(stream, result.revision, deps.limits.exportPollMs);
  }
}

function dueReads({ index, clock, limits }: ExporterDeps, read: Map<string, number>) {
  const nowMs = clock();
  const unpaid = index.unpaid();
  const names = new Set(unpaid.map(({ invoiceId }) => invoiceId));
  for (const id of read.keys()) if (!names.has(id)) read.delete(id);
  return unpaid.filter(
    ({ invoiceId }) => nowMs - (read.get(invoiceId) ?? 0) >= limits.paymentReadMs,
  );
}

async function readPayment(
  deps: ExporterDeps,
  { invoiceId, draft }: InvoiceExport,
  read: Map<string, number>,
): Promise<void> {
  if (draft === null) throw new Error(`${invoiceId} was finalized without a draft`);
  const found = await deps.payments.readInvoice(draft);
  const atMs = deps.clock();
  await reportPayment(deps.ledger, invoiceId, {
    ...{ source: 'read', sourceId: `${deps.runId}|${atMs}`, atMs },
    invoice: found,
  });
  read.set(invoiceId, atMs);
}

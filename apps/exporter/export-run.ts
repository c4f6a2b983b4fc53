/**
 * Moves one export forward (docs/stripe.md): read its stream, decide, claim, make the step, append what it
 * came to, and again. Whatever dies in between, the next one decides from the same events; of two that
 * decide at once, the append lets one go on.
 */
import { Backoff } from '@tollgate/adapters/backoff/backoff.ts';
import { appendOnce } from '@tollgate/adapters/ledger/append-once.ts';
import { exportEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { ExpectedRevision } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { foldStream } from '@tollgate/adapters/ledger/read-stream.ts';
import { PaymentsError } from '@tollgate/adapters/payments/payments.ts';
import { loadBilling, loadInvoice } from '@tollgate/billing-api/closing/streams.ts';
import type { InvoiceBody } from '@tollgate/domain/invoice/invoice.ts';
import { evolveExport, type InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import type { PeriodSpan } from '@tollgate/domain/payment/meter-plan.ts';
import { nextMove } from '@tollgate/domain/payment/next-step.ts';
import type { ExportEvent, StopReason } from '@tollgate/domain/payment/payment-events.ts';
import { exportPlan } from '@tollgate/domain/payment/plan.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import type { ExporterDeps } from './exporter-deps.ts';
import { renewClaim } from './renew-claim.ts';
import { requestCredits } from './request-credits.ts';
import { type StepContext, type StepMove, StepStopped } from './step.ts';
import { makeStep } from './steps.ts';

/** @throws what the ledger throws; a repetition goes on from the state that was reached */
export async function advanceExport(
  deps: ExporterDeps,
  invoiceId: string,
  signal: AbortSignal,
): Promise<void> {
  const invoice = await invoiceOf(deps, invoiceId);
  await requestCredits(deps, { invoiceId, totalMinor: invoice.total_minor });
  const { limits, runId, clock } = deps;
  for (let step = 0; step < limits.exportStepsMax && !signal.aborted; step++) {
    const { state, revision } = await loadExport(deps, invoiceId);
    if (state === undefined) throw new Error(`${invoiceId} was not requested`);
    const { policy, document } = state;
    const earlier = policy.meters === undefined ? [] : await periodsOf(deps, invoice);
    const plan = exportPlan(invoice, policy, document, earlier);
    const { exportClaimMs: claimMs, exportKeyMs: keyMs } = limits;
    const move = nextMove(state, plan, { nowMs: clock(), runId, claimMs, keyMs });
    if (move.kind === 'skip') await skip(deps, invoiceId, revision);
    else if (move.kind === 'refuse') await refuse(deps, state, move, revision);
    else if (move.kind !== 'do') return;
    else if (!(await takeStep({ deps, invoice, state, plan }, move, revision))) return;
  }
}

async function invoiceOf({ ledger }: ExporterDeps, invoiceId: string): Promise<InvoiceBody> {
  const issued = await loadInvoice(ledger, invoiceId);
  if (issued === undefined) throw new Error(`there is no invoice ${invoiceId}`);
  return invoiceBody.parse(JSON.parse(issued.body));
}

/** Those that late usage may belong to. */
async function periodsOf({ ledger }: ExporterDeps, invoice: InvoiceBody): Promise<PeriodSpan[]> {
  if (invoice.lines.every(({ kind }) => kind === 'usage')) return [];
  const { billing } = await loadBilling(ledger, invoice.customer_id);
  return billing.periods.map(({ number, startMs, endMs }) => ({ number, startMs, endMs }));
}

function loadExport({ ledger }: Pick<ExporterDeps, 'ledger'>, invoiceId: string) {
  const stream = exportEvents.of(invoiceId);
  return foldStream(
    ledger,
    { category: exportEvents, stream },
    (state: InvoiceExport | undefined, event: ExportEvent) => evolveExport(state, event),
    undefined,
  );
}

async function skip(
  { ledger }: ExporterDeps,
  invoiceId: string,
  revision: ExpectedRevision,
): Promise<void> {
  const stream = exportEvents.of(invoiceId);
  const data = { invoice_id: invoiceId, reason: 'zero' as const };
  const event = newLedgerEvent(stream, { type: 'ExportSkipped', data }, invoiceId);
  await ledger.append(stream, revision, [event]);
}

async function refuse(
  deps: ExporterDeps,
  { invoiceId, attempts }: InvoiceExport,
  { reason, detail }: { reason: StopReason; detail: string },
  revision: ExpectedRevision,
): Promise<void> {
  const stream = exportEvents.of(invoiceId);
  const move = { step: 'draft' as const, attempt: attempts + 1 };
  const event = stopped(deps, invoiceId, move, reason, detail);
  await deps.ledger.append(stream, revision, [
    newLedgerEvent(stream, event, `${move.attempt}|${deps.runId}`),
  ]);
}

/** @returns false: it does not go on now, because another process has it or because it failed */
async function takeStep(
  context: StepContext,
  move: StepMove,
  revision: ExpectedRevision,
): Promise<boolean> {
  const { deps, state } = context;
  const claimed = await claim(context, move, revision);
  if (claimed === null) return false;
  const renewal = renewClaim(deps, state.invoiceId, move.attempt);
  const outcome = await outcomeOf(context, move).finally(() => renewal.stop());
  const { event, subject, goesOn } = outcome;
  const stream = exportEvents.of(state.invoiceId);
  const appended = newLedgerEvent(stream, event, subject);
  await appendOnce(deps.ledger, stream, appended, { notBefore: claimed + 1n });
  return goesOn;
}

/** Durable before anything is sent. @returns null: another process was first */
async function claim(
  { deps, state }: StepContext,
  { step, chunk, attempt, generation }: StepMove,
  revision: ExpectedRevision,
): Promise<bigint | null> {
  const { ledger, runId, clock } = deps;
  const stream = exportEvents.of(state.invoiceId);
  const data = {
    invoice_id: state.invoiceId,
    ...{ step, chunk, attempt, generation },
    run_id: runId,
    started_at: iso(clock()),
  };
  // The id names the run: the same event of another process would be taken for this one.
  const subject = `${attempt}|${runId}`;
  const event = newLedgerEvent(stream, { type: 'ExportStepStarted', data }, subject);
  const result = await ledger.append(stream, revision, [event]);
  return result.ok ? result.revision : null;
}

type StepOutcome = { event: ExportEvent; subject: string; goesOn: boolean };

async function outcomeOf(context: StepContext, move: StepMove): Promise<StepOutcome> {
  const { deps, state } = context;
  try {
    return { ...(await makeStep(context, move)), goesOn: true };
  } catch (error) {
    const event =
      error instanceof StepStopped
        ? stopped(deps, state.invoiceId, move, error.reason, error.message)
        : failureOf(context, move, error);
    return { event, subject: `${move.attempt}|${deps.runId}`, goesOn: false };
  }
}

/** Steps on an object that they know by its id. */
const ON_THE_DRAFT: ReadonlySet<string> = new Set(['lines', 'verify', 'finalize', 'send']);

function failureOf({ deps, state }: StepContext, move: StepMove, error: unknown): ExportEvent {
  if (!(error instanceof PaymentsError)) throw error;
  const { invoiceId } = state;
  const { kind, code, message } = error;
  if (kind === 'absent' && ON_THE_DRAFT.has(move.step)) {
    return stopped(deps, invoiceId, move, 'draft_gone', 'it was deleted there');
  }
  if (kind === 'refused' || kind === 'absent') {
    return stopped(deps, invoiceId, move, 'refused', `${code}: ${message}`);
  }
  const nowMs = deps.clock();
  return {
    type: 'ExportStepFailed',
    data: {
      invoice_id: invoiceId,
      step: move.step,
      attempt: move.attempt,
      error: code.slice(0, 255),
      message: message.slice(0, 1_024),
      // seam: answered-failure-takes-a-new-key
      new_key: kind === 'failed',
      failed_at: iso(nowMs),
      next_attempt_at: iso(nowMs + pauseMs(deps, state.failure?.count ?? 0, error)),
    },
  };
}

function stopped(
  { clock }: ExporterDeps,
  invoiceId: string,
  { step }: Pick<StepMove, 'step' | 'attempt'>,
  reason: StopReason,
  detail: string,
): ExportEvent {
  const data = { invoice_id: invoiceId, step, reason, detail: detail.slice(0, 1_024) };
  return { type: 'ExportStopped', data: { ...data, stopped_at: iso(clock()) } };
}

/** Doubled with each failure in a row, and at least what the payment system asks for. */
function pauseMs(
  { limits, random }: ExporterDeps,
  failures: number,
  { retryAfterMs }: PaymentsError,
): number {
  const { exportRetryFirstMs: first, exportRetryMaxMs: max } = limits;
  const backoff = new Backoff({ first, max }, random);
  let next = backoff.next();
  for (let past = 0; past < failures && past < DOUBLINGS_MAX; past++) next = backoff.next();
  const asked = Math.min(retryAfterMs ?? 0, limits.exportRetryAfterMaxMs);
  return Math.ceil(Math.max(next, asked));
}

/** More of them change nothing: the pause has its bound long before. */
const DOUBLINGS_MAX = 32;

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}

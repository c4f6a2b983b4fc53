/**
 * Closing runs (design §10). A run takes at most one cut and walks each customer forward, one append
 * at a time, reading the stream again before every step: so a crash between any two steps resumes
 * where it stopped, and of two closers one wins and the other reads (I4). The order of the steps is
 * pinned by close-run.int.test.ts.
 */
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import {
  type FrozenPeriod,
  firstUnfrozen,
  frozenPeriod,
  type OpenPeriod,
} from '@tollgate/domain/period/billing.ts';
import { decideClosing, decideDue, type PeriodRefusal } from '@tollgate/domain/period/decide.ts';
import { billingStreams, type LogCut } from '@tollgate/domain/period/period-events.ts';
import type { ClosingDeps } from './closing-deps.ts';
import { closingLimits } from './closing-limits.ts';
import { type Cut, takeCut, waitUntilApplied } from './cut.ts';
import { freeze, issueInvoice, usageSetOf } from './freeze.ts';
import { appendPeriod } from './open-period.ts';
import { type LoadedBilling, loadBilling, loadCustomer } from './streams.ts';
import { assertLinesFit } from './usage-sums.ts';

export type Closed = { customerId: string; period: FrozenPeriod; invoiceId: string };

/** One closing run: its instant, its one cut, and which cuts it knows to be applied. */
type Run = {
  deps: ClosingDeps;
  nowMs: number;
  graceMs: number;
  cut: () => Promise<Cut>;
  applied: (cutId: string, logs: readonly LogCut[]) => Promise<void>;
};

function startRun(deps: ClosingDeps, graceMs: number): Run {
  let cut: Promise<Cut> | undefined;
  const applied = new Map<string, Promise<void>>();
  return {
    deps,
    nowMs: deps.clock(),
    graceMs,
    cut() {
      cut ??= takeCut(deps);
      return cut;
    },
    applied(cutId, logs) {
      const known = applied.get(cutId) ?? waitUntilApplied(deps, logs);
      applied.set(cutId, known);
      return known;
    },
  };
}

/** What a run wants of one customer: every period that is due, or one period, perhaps early. */
type Target = { periodId: string; endMs: number | null } | 'due';

type Step = { kind: 'again' } | { kind: 'done' } | { kind: 'refused'; refusal: PeriodRefusal };

export type CloseResult = { ok: true; closed: Closed } | { ok: false; refusal: PeriodRefusal };

/**
 * Closes one period, at its end or early at `endMs`. A period that is closing or frozen already, with
 * whatever end, is finished and returned: the first closer's word stands.
 *
 * @throws ClosingError; the state reached stands and asking again goes on
 */
export async function closePeriod(
  deps: ClosingDeps,
  request: { customerId: string; periodId: string; endMs: number | null; graceMs: number },
): Promise<CloseResult> {
  const { customerId, periodId, endMs, graceMs } = request;
  const run = startRun(deps, graceMs);
  const refusal = await advance(run, customerId, { periodId, endMs });
  if (refusal !== undefined) return { ok: false, refusal };
  const { billing } = await loadBilling(deps.ledger, customerId);
  const period = billing.periods.find(({ id }) => id === periodId);
  if (period?.status !== 'frozen') throw new Error(`${periodId} is not frozen after its closing`);
  const invoiceId = await issueInvoice(deps.ledger, period);
  return { ok: true, closed: { customerId, period, invoiceId } };
}

export type RunResult = {
  closed: Closed[];
  /** Customers that stopped; the others were not held up. */
  failed: Failure[];
};

export type Failure = { customerId: string } & ({ refusal: PeriodRefusal } | { error: unknown });

/** Closes every period that is due, of these customers; those without periods are left alone. */
export async function closeDue(
  deps: ClosingDeps,
  request: { customerIds: readonly string[]; graceMs: number },
): Promise<RunResult> {
  const run = startRun(deps, request.graceMs);
  const result: RunResult = { closed: [], failed: [] };
  for (const customerId of request.customerIds) {
    try {
      await closeDueOf(run, customerId, result);
    } catch (error) {
      result.failed.push({ customerId, error });
    }
  }
  return result;
}

async function closeDueOf(run: Run, customerId: string, result: RunResult): Promise<void> {
  const { ledger } = run.deps;
  const before = await loadBilling(ledger, customerId);
  if (before.billing.periods.length === 0) return;
  const refusal = await advance(run, customerId, 'due');
  const { billing } = await loadBilling(ledger, customerId);
  for (const period of billing.periods) {
    if (period.status !== 'frozen') continue;
    if (before.billing.periods[period.number - 1]?.status === 'frozen') continue;
    const invoiceId = await issueInvoice(ledger, period);
    result.closed.push({ customerId, period, invoiceId });
  }
  if (refusal !== undefined) result.failed.push({ customerId, refusal });
}

async function advance(
  run: Run,
  customerId: string,
  target: Target,
): Promise<PeriodRefusal | undefined> {
  for (let step = 0; step < closingLimits.stepsMax; step++) {
    const loaded = await loadBilling(run.deps.ledger, customerId);
    const next = await takeStep(run, customerId, loaded, target);
    if (next.kind === 'done') return undefined;
    if (next.kind === 'refused') return next.refusal;
  }
  return undefined;
}

async function takeStep(
  run: Run,
  customerId: string,
  loaded: LoadedBilling,
  target: Target,
): Promise<Step> {
  const { billing } = loaded;
  const next = firstUnfrozen(billing);
  const previousNumber = next === undefined ? billing.periods.length : next.number - 1;
  const previous = frozenPeriod(billing, previousNumber);
  // A run that died after a snapshot and before its invoice is finished before anything else.
  if (previous !== undefined) await issueInvoice(run.deps.ledger, previous);
  if (next === undefined) return openNext(run, customerId, loaded);
  if (next.status === 'closing') {
    // seam: cut-must-be-applied
    await run.applied(next.cutId, next.logs);
    await freeze(run.deps, customerId, loaded, next);
    return { kind: 'again' };
  }
  return beginClosing(run, customerId, loaded, next, target);
}

async function openNext(run: Run, customerId: string, loaded: LoadedBilling): Promise<Step> {
  const asBefore = { customerId, startMs: null, timeZone: null, anchorDay: null };
  const refusal = await appendPeriod(run.deps, asBefore, loaded);
  return refusal === undefined ? { kind: 'again' } : { kind: 'refused', refusal };
}

async function beginClosing(
  run: Run,
  customerId: string,
  loaded: LoadedBilling,
  next: OpenPeriod,
  target: Target,
): Promise<Step> {
  const { billing, revision } = loaded;
  const wanted = target === 'due' ? { periodId: next.id, endMs: null } : target;
  if (billing.periods.some(({ id, status }) => id === wanted.periodId && status === 'frozen')) {
    return { kind: 'done' };
  }
  const due = { ...wanted, graceMs: run.graceMs, nowMs: run.nowMs };
  const allowed = decideDue(billing, due);
  if (!allowed.ok) {
    const { refusal } = allowed;
    const waits = target === 'due' && refusal.code === 'period_not_due';
    return waits ? { kind: 'done' } : { kind: 'refused', refusal };
  }
  const { currency, markup_ppm: markupPpm } = await loadCustomer(run.deps.ledger, customerId);
  const { id: cutId, logs } = await run.cut();
  const decision = decideClosing(billing, { ...due, cutId, logs, currency, markupPpm });
  if (!decision.ok) return { kind: 'refused', refusal: decision.refusal };
  const { endMs } = allowed;
  const previous = frozenPeriod(billing, next.number - 1);
  const set = usageSetOf(customerId, { endMs, logs }, previous);
  const endsMs = [...billing.periods.slice(0, -1).map((period) => period.endMs), endMs];
  await assertLinesFit(run.deps.warehouse, set, endsMs, run.deps.ledger.appendBytesMax);
  const stream = billingStreams.of(customerId);
  const { type, data } = decision.event;
  const id = ledgerEventId(stream, type, `${data.period_id}|${cutId}`);
  await run.deps.ledger.append(stream, revision, [{ id, type, data }]);
  return { kind: 'again' };
}

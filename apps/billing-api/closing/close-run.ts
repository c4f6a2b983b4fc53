/**
 * Closing runs (docs/design.md, Closing a period). A run takes at most one cut and moves each
 * customer forward, one append at a time, and reads the stream again before every step. So a run
 * that crashed between two steps resumes where it stopped, and of two closers one wins and the
 * other reads (I4). `nextStep` decides what comes next; close-run.int.test.ts pins the order of the
 * appends.
 */
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { COST_CURRENCY, type RateTable } from '@tollgate/domain/exchange/exchange-rate.ts';
import {
  type Billing,
  type ClosingPeriod,
  evolveBilling,
  type FrozenPeriod,
  frozenPeriod,
  lastFrozen,
  periodEnds,
} from '@tollgate/domain/period/billing.ts';
import {
  decideClosing,
  decideExchangeRate,
  type PeriodRefusal,
} from '@tollgate/domain/period/decide.ts';
import { type ClosingTarget, type NextStep, nextStep } from '@tollgate/domain/period/next-step.ts';
import { billingStreams, type LogCut } from '@tollgate/domain/period/period-events.ts';
import { hasSellers } from '../invoicing/invoice-terms.ts';
import { numberInvoice } from '../invoicing/number-invoice.ts';
import { type ClosingDeps, limitsOf } from './closing-deps.ts';
import { type Cut, takeCut, waitUntilApplied } from './cut.ts';
import { assertBillable, freeze, issueInvoice, usageSetOf } from './freeze.ts';
import { appendPeriod } from './open-period.ts';
import { type LoadedBilling, loadBilling, loadCustomer, loadRateTables } from './streams.ts';
import { assertLinesFit } from './usage-sums.ts';

export type Closed = { customerId: string; period: FrozenPeriod; invoiceId: string };

/** One closing run: its instant, its only cut, and the cuts that it has seen applied. */
type Run = {
  deps: ClosingDeps;
  nowMs: number;
  graceMs: number;
  cut: () => Promise<Cut>;
  applied: (cutId: string, logs: readonly LogCut[]) => Promise<void>;
  /** Read once, for the first customer who needs them. */
  rateTables: () => Promise<RateTable[]>;
};

function startRun(deps: ClosingDeps, graceMs: number): Run {
  let cut: Promise<Cut> | undefined;
  let tables: Promise<RateTable[]> | undefined;
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
    rateTables() {
      tables ??= loadRateTables(deps.ledger);
      return tables;
    },
  };
}

export type CloseResult = { ok: true; closed: Closed } | { ok: false; refusal: PeriodRefusal };

/**
 * Closes one period, at its end or early at `endMs`. A period that is closing or frozen already,
 * with any end, is finished and returned: the first closer decides.
 *
 * @throws ClosingError; a repetition goes on from the state that was reached
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
  const invoiceId = await issueNumbered(deps, period);
  return { ok: true, closed: { customerId, period, invoiceId } };
}

export type RunResult = {
  closed: Closed[];
  /** Customers whose periods could not be closed; the others were not affected. */
  failed: Failure[];
};

export type Failure = { customerId: string } & ({ refusal: PeriodRefusal } | { error: unknown });

/** Closes every due period of these customers. A customer without periods is left alone. */
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
  const { billing } = await loadBilling(run.deps.ledger, customerId);
  if (billing.periods.length === 0) return;
  try {
    const refusal = await advance(run, customerId, 'due');
    if (refusal !== undefined) result.failed.push({ customerId, refusal });
  } finally {
    // A step that fails takes nothing back of what was closed before it.
    result.closed.push(...(await closedSince(run, customerId, billing)));
  }
}

async function closedSince({ deps }: Run, customerId: string, before: Billing): Promise<Closed[]> {
  const { billing } = await loadBilling(deps.ledger, customerId);
  const closed: Closed[] = [];
  for (const period of billing.periods) {
    if (period.status !== 'frozen' || frozenPeriod(before, period.number) !== undefined) continue;
    const invoiceId = await issueNumbered(deps, period);
    closed.push({ customerId, period, invoiceId });
  }
  return closed;
}

/** Without a seller an invoice has no number: it may get one later. */
async function issueNumbered(deps: ClosingDeps, period: FrozenPeriod): Promise<string> {
  const invoiceId = await issueInvoice(deps.ledger, period);
  // seam: issued-before-numbered
  if (hasSellers(deps.invoicing)) await numberInvoice(deps, invoiceId);
  return invoiceId;
}

async function advance(
  run: Run,
  customerId: string,
  target: ClosingTarget,
): Promise<PeriodRefusal | undefined> {
  const { stepsMax } = limitsOf(run.deps);
  for (let step = 0; step < stepsMax; step++) {
    const loaded = await loadBilling(run.deps.ledger, customerId);
    const taken = await takeStep(run, customerId, loaded, target);
    if (taken === 'done') return undefined;
    if (taken !== 'again') return taken;
  }
  return undefined;
}

type Taken = 'again' | 'done' | PeriodRefusal;

async function takeStep(
  run: Run,
  customerId: string,
  loaded: LoadedBilling,
  target: ClosingTarget,
): Promise<Taken> {
  const previous = lastFrozen(loaded.billing);
  // A run that died after a snapshot and before its invoice is finished before anything else.
  if (previous !== undefined) await issueNumbered(run.deps, previous);
  const next = nextStep(loaded.billing, target, run);
  switch (next.kind) {
    case 'open':
      return (await appendPeriod(run.deps, { customerId, ...AS_BEFORE }, loaded)) ?? 'again';
    case 'freeze':
      // seam: cut-must-be-applied
      await run.applied(next.period.cutId, next.period.logs);
      await freeze(run.deps, customerId, loaded, next.period);
      return 'again';
    case 'begin':
      return beginClosing(run, customerId, loaded, next);
    case 'done':
      return 'done';
    case 'refused':
      return next.refusal;
    default:
      return next satisfies never;
  }
}

const AS_BEFORE = { startMs: null, timeZone: null, anchorDay: null } as const;

async function beginClosing(
  run: Run,
  customerId: string,
  { billing, revision }: LoadedBilling,
  { period, due, endMs }: Extract<NextStep, { kind: 'begin' }>,
): Promise<Taken> {
  const { ledger, warehouse } = run.deps;
  const customer = await loadCustomer(ledger, customerId);
  // seam: currency-of-the-opening
  const { currency } = period;
  const tables = currency === COST_CURRENCY ? [] : await run.rateTables();
  const found = decideExchangeRate(currency, endMs, tables);
  if (!found.ok) return found.refusal;
  const { id: cutId, logs } = await run.cut();
  const terms = { markupPpm: customer.markup_ppm, exchangeRate: found.rate };
  const decision = decideClosing(billing, { ...due, cutId, logs, ...terms });
  if (!decision.ok) return decision.refusal;
  // What is not projected yet cannot be judged, and what is closing cannot be closed in parts.
  // seam: closing-waits-for-the-cut
  await run.applied(cutId, logs);
  const set = usageSetOf(customerId, { endMs, logs }, lastFrozen(billing));
  const endsMs = periodEnds(billing, period.number, endMs);
  const bounds = { ...limitsOf(run.deps), appendBytesMax: ledger.appendBytesMax };
  await assertLinesFit(warehouse, set, endsMs, bounds);
  const begun = evolveBilling(billing, decision.event).periods[period.number - 1];
  // seam: invoice-before-closing
  await assertBillable(run.deps, customerId, billing, begun as ClosingPeriod);
  const stream = billingStreams.of(customerId);
  const subject = `${decision.event.data.period_id}|${cutId}`;
  const closing = newLedgerEvent(stream, decision.event, subject);
  await ledger.append(stream, revision, [closing]);
  return 'again';
}

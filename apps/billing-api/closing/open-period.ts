/**
 * Opens a customer's next period. Its id follows from its number, so a retry opens the same period.
 */
import { sha256Text } from '@tollgate/adapters/digest/sha256.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import type { Billing, OpenPeriod } from '@tollgate/domain/period/billing.ts';
import { decideOpen, type PeriodRefusal } from '@tollgate/domain/period/decide.ts';
import { billingStreams } from '@tollgate/domain/period/period-events.ts';
import type { ClosingDeps } from './closing-deps.ts';
import { type LoadedBilling, loadBilling, loadCustomer } from './streams.ts';

export type OpenRequest = {
  customerId: string;
  /** Null: where the last period ends; for the first one, the start of the current month. */
  startMs: number | null;
  /** Null: as the last period; for the first one, the customer's zone. */
  timeZone: string | null;
  /** 1 to 31. Null: as the last period; for the first one, 1. */
  anchorDay: number | null;
};

const ATTEMPTS_MAX = 5;

export type OpenResult = { ok: true; period: OpenPeriod } | { ok: false; refusal: PeriodRefusal };

/** @throws ClosingError customer_unknown */
export async function openPeriod(deps: ClosingDeps, request: OpenRequest): Promise<OpenResult> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const loaded = await loadBilling(deps.ledger, request.customerId);
    const refusal = await appendPeriod(deps, request, loaded);
    // Appended by us or by another process: the next look tells, and whether it is what was asked for.
    if (refusal === undefined) continue;
    const last = loaded.billing.periods.at(-1);
    const isOpen = refusal.code === 'period_still_open' && last?.status === 'open';
    if (isOpen && isAsked(last, request)) return { ok: true, period: last };
    return { ok: false, refusal };
  }
  throw new Error(`the periods of ${request.customerId} kept changing`);
}

function isAsked(period: OpenPeriod, { startMs, timeZone, anchorDay }: OpenRequest): boolean {
  return (
    (startMs ?? period.startMs) === period.startMs &&
    (timeZone ?? period.timeZone) === period.timeZone &&
    (anchorDay ?? period.anchorDay) === period.anchorDay
  );
}

/** Appends `PeriodOpened`. A conflict is not a refusal: the caller reads the stream again. */
export async function appendPeriod(
  deps: ClosingDeps,
  request: OpenRequest,
  { billing, revision }: LoadedBilling,
): Promise<PeriodRefusal | undefined> {
  const { customerId, startMs } = request;
  const customer = await loadCustomer(deps.ledger, customerId);
  const last = billing.periods.at(-1);
  const decision = decideOpen(billing, {
    customerId,
    periodId: nextPeriodId(customerId, billing, startMs ?? last?.endMs ?? deps.clock()),
    startMs,
    timeZone: request.timeZone ?? last?.timeZone ?? customer.time_zone,
    anchorDay: request.anchorDay ?? last?.anchorDay ?? 1,
    currency: customer.currency,
    atMs: deps.clock(),
  });
  if (!decision.ok) return decision.refusal;
  const stream = billingStreams.of(customerId);
  const { period_id, start, end } = decision.event.data;
  const opened = newLedgerEvent(stream, decision.event, `${period_id}|${start}|${end}`);
  await deps.ledger.append(stream, revision, [opened]);
  return undefined;
}

function nextPeriodId(customerId: string, billing: Billing, startMs: number): string {
  const number = billing.periods.length + 1;
  return makeId('per', startMs, sha256Text(`period:${customerId}:${number}`));
}

/** Customers whose first period is January 2026, and what is to be read of them after a run. */
import { type Billing, frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import { snapshotBody } from '@tollgate/schemas/billing/snapshot.ts';
import { closeDue } from '../close-run.ts';
import { openPeriod } from '../open-period.ts';
import { loadBilling, loadInvoice } from '../streams.ts';
import type { ClosingHouse } from './closing-house.ts';

export const JANUARY = '2026-01-10T12:00:00.000Z';
export const FEBRUARY = '2026-02-10T12:00:00.000Z';
export const AFTER_JANUARY = parseInstant('2026-02-01T02:00:00.000Z');
export const AFTER_FEBRUARY = parseInstant('2026-03-01T02:00:00.000Z');
export const HOUR_MS = 3_600_000;

/** A customer whose first period is January 2026. */
export async function customerInJanuary(house: ClosingHouse): Promise<string> {
  const customerId = await house.customer();
  house.clock.nowMs = AFTER_JANUARY;
  const startMs = parseInstant('2026-01-01T00:00:00.000Z');
  await openPeriod(house.deps, { customerId, startMs, timeZone: null, anchorDay: null });
  return customerId;
}

/** Projects all of the log, then closes what is due at that time. */
export async function closeAt(
  house: ClosingHouse,
  nowMs: number,
  customerId: string,
  deps = house.deps,
) {
  house.clock.nowMs = nowMs;
  await house.project();
  return closeDue(deps, { customerIds: [customerId], graceMs: HOUR_MS });
}

export function bodyOf(billing: Billing, number: number) {
  return snapshotBody.parse(JSON.parse(textOf(billing, number)));
}

/** The exact text of snapshot `number`. */
export function textOf(billing: Billing, number: number): string {
  const text = frozenPeriod(billing, number)?.snapshot.body;
  if (text === undefined) throw new Error(`no snapshot ${number}`);
  return text;
}

export async function billingOf(house: ClosingHouse, customerId: string): Promise<Billing> {
  return (await loadBilling(house.deps.ledger, customerId)).billing;
}

export async function invoiceOf(house: ClosingHouse, billing: Billing, number: number) {
  const id = frozenPeriod(billing, number)?.snapshot.id.replace('snp_', 'inv_') ?? '';
  const issued = await loadInvoice(house.deps.ledger, id);
  if (issued === undefined) throw new Error(`no invoice ${id}`);
  return { issued, body: invoiceBody.parse(JSON.parse(issued.body)) };
}

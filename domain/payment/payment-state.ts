/**
 * What became of an invoice's payment. Reports arrive late, twice and in any order, so they are merged and
 * not replayed: every figure only ever grows, and a status only ever advances. The result does not depend
 * on the order (docs/stripe.md, Webhooks).
 */
import type { ExportFinalized, PaymentReported, PaymentStatus } from './payment-events.ts';

export type PaymentState = {
  status: PaymentStatus;
  amountPaidMinor: number;
  creditedMinor: number;
  amountDueMinor: number;
  attempts: number;
  /** Unix ms; null: none is stated. */
  dueAtMs: number | null;
  /** Latest time at which the payment system said something, Unix ms. */
  reportedAtMs: number;
};

/** A paid invoice is never voided there, and a void one never paid. */
const RANK: Readonly<Record<PaymentStatus, number>> = {
  open: 0,
  uncollectible: 1,
  void: 2,
  paid: 3,
};

export function afterFinalizing(data: ExportFinalized['data']): PaymentState {
  return {
    status: data.status,
    amountPaidMinor: 0,
    creditedMinor: 0,
    amountDueMinor: data.amount_due_minor,
    attempts: 0,
    dueAtMs: timeOf(data.due_at),
    reportedAtMs: 0,
  };
}

export function withReport(
  state: PaymentState | null,
  data: PaymentReported['data'],
): PaymentState {
  const said: PaymentState = {
    status: data.status,
    amountPaidMinor: data.amount_paid_minor,
    creditedMinor: data.credited_minor,
    amountDueMinor: data.amount_due_minor,
    attempts: data.attempts,
    dueAtMs: timeOf(data.due_at),
    reportedAtMs: Date.parse(data.at),
  };
  if (state === null) return said;
  return {
    // seam: payment-reports-are-merged
    status: RANK[said.status] > RANK[state.status] ? said.status : state.status,
    amountPaidMinor: Math.max(state.amountPaidMinor, said.amountPaidMinor),
    creditedMinor: Math.max(state.creditedMinor, said.creditedMinor),
    amountDueMinor: Math.max(state.amountDueMinor, said.amountDueMinor),
    attempts: Math.max(state.attempts, said.attempts),
    // A due date may be moved; the latest one is the most that was ever granted.
    dueAtMs: latest(state.dueAtMs, said.dueAtMs),
    reportedAtMs: Math.max(state.reportedAtMs, said.reportedAtMs),
  };
}

/** Whether a report says anything that is not known; when it was said does not count. */
export function saysMore(state: PaymentState | null, data: PaymentReported['data']): boolean {
  if (state === null) return true;
  const next = withReport(state, data);
  return (
    next.status !== state.status ||
    next.amountPaidMinor !== state.amountPaidMinor ||
    next.creditedMinor !== state.creditedMinor ||
    next.amountDueMinor !== state.amountDueMinor ||
    next.attempts !== state.attempts ||
    next.dueAtMs !== state.dueAtMs
  );
}

/** @returns how long an open invoice has been due, ms; 0 unless it is */
export function overdueMs({ status, dueAtMs }: PaymentState, nowMs: number): number {
  if (status === 'paid' || status === 'void' || dueAtMs === null) return 0;
  return Math.max(0, nowMs - dueAtMs);
}

function timeOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

function latest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.max(a, b);
}

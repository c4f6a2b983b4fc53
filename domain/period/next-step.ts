/**
 * What a closing run does next for one customer (docs/design.md, Closing a period). The run takes
 * one step, reads the stream again and asks again, so a crash between two steps loses nothing. I4:
 * a period that is closing is frozen before anything else begins.
 */
import { type Billing, type ClosingPeriod, firstUnfrozen, type OpenPeriod } from './billing.ts';
import { type DueCommand, decideDue, type PeriodRefusal } from './decide.ts';

/** What a run wants of a customer: every period that is due, or one period, perhaps early. */
export type ClosingTarget = { periodId: string; endMs: number | null } | 'due';

export type NextStep =
  /** Every period is frozen: the next one opens. */
  | { kind: 'open' }
  | { kind: 'freeze'; period: ClosingPeriod }
  /**
   * `due.endMs` is null where the period ends as it was opened; `endMs` is the instant either way.
   */
  | { kind: 'begin'; period: OpenPeriod; due: DueCommand; endMs: number }
  | { kind: 'done' }
  | { kind: 'refused'; refusal: PeriodRefusal };

export function nextStep(
  billing: Billing,
  target: ClosingTarget,
  run: { graceMs: number; nowMs: number },
): NextStep {
  const next = firstUnfrozen(billing);
  if (next === undefined) return { kind: 'open' };
  if (next.status === 'closing') return { kind: 'freeze', period: next };
  const wanted = target === 'due' ? { periodId: next.id, endMs: null } : target;
  if (billing.periods.some(({ id, status }) => id === wanted.periodId && status === 'frozen')) {
    return { kind: 'done' };
  }
  const due = { ...wanted, graceMs: run.graceMs, nowMs: run.nowMs };
  const allowed = decideDue(billing, due);
  if (allowed.ok) return { kind: 'begin', period: next, due, endMs: allowed.endMs };
  const { refusal } = allowed;
  // A run over everything that is due has nothing to say about a period that is not.
  if (target === 'due' && refusal.code === 'period_not_due') return { kind: 'done' };
  return { kind: 'refused', refusal };
}

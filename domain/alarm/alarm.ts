/**
 * Which alarms are due for a window of a budget (docs/design.md, Alarms). Pure: what is raised
 * already is the caller's to know. Amounts are integers of 1e-12 of the budget's unit.
 */
import type { WindowBounds } from '../budget/window.ts';
import { formatDecimal12 } from '../money/money.ts';
import type { AlarmRaised } from './alarm-events.ts';

/** Percent of the limit. */
export const THRESHOLDS_DEFAULT: readonly number[] = [50, 80, 95, 100];

/** What counts in a window of a budget. */
export type BudgetUse = {
  budgetId: string;
  /** Percent of the limit. */
  thresholds: readonly number[];
  window: WindowBounds;
  /** Since when spending was counted, Unix ms: a budget may be younger than its window. */
  countedFromMs: number;
  limit: bigint;
  spent: bigint;
  /** What providers billed above their stated bounds. */
  overrun: bigint;
  /** What is charged for attempts whose usage nobody has stated; null: not looked at now. */
  unresolved: bigint | null;
};

export type AlarmBounds = {
  /** Percent of the window's counted time that must be over before a forecast is made. */
  forecastShareMin: number;
  /** Percent of the limit that may be charged for unresolved attempts. */
  unresolvedShareMax: number;
};

/** An alarm without its id; `subject` tells it from the others of the window. */
export type DueAlarm = { subject: string; data: Omit<AlarmRaised['data'], 'alarm_id'> };

export function alarmsDue(use: BudgetUse, nowMs: number, bounds: AlarmBounds): DueAlarm[] {
  const { spent, limit, overrun, unresolved } = use;
  const due: DueAlarm[] = [];
  for (const threshold of use.thresholds) {
    // seam: threshold-is-reached
    if (!isShare(spent, limit, threshold)) continue;
    due.push(alarm(use, nowMs, `threshold:${threshold}`, { kind: 'threshold', threshold }));
  }
  const forecast = forecastOf(use, nowMs, bounds.forecastShareMin);
  if (forecast !== null && forecast.projected > limit) {
    const amount = formatDecimal12(forecast.projected);
    const exceeds_at = iso(forecast.exceedsAtMs);
    due.push(alarm(use, nowMs, 'forecast', { kind: 'forecast', amount, exceeds_at }));
  }
  if (overrun > 0n) {
    const amount = formatDecimal12(overrun);
    due.push(alarm(use, nowMs, 'overrun', { kind: 'overrun', amount }));
  }
  if (unresolved !== null && isShare(unresolved, limit, bounds.unresolvedShareMax)) {
    const amount = formatDecimal12(unresolved);
    due.push(alarm(use, nowMs, 'unresolved', { kind: 'unresolved', amount }));
  }
  return due;
}

/** Exactly the share counts; nothing spent is no share of anything, not even of a limit of nothing. */
function isShare(amount: bigint, limit: bigint, percent: number): boolean {
  return amount > 0n && amount * 100n >= BigInt(percent) * limit;
}

/**
 * What the window comes to if it goes on as it did so far: spent + spent ÷ (now − from) × (end − now),
 * where `from` is when counting began in it. Not in its first part, because one call in the first minute
 * tells nothing, and not for a window without an end.
 *
 * @returns null: no forecast
 */
export function forecastOf(
  { window, countedFromMs, spent, limit }: BudgetUse,
  nowMs: number,
  shareMin: number,
): { projected: bigint; exceedsAtMs: number } | null {
  if (!Number.isFinite(window.endMs) || spent <= 0n || spent >= limit) return null;
  const fromMs = Math.max(window.startMs, countedFromMs);
  const passedMs = nowMs - fromMs;
  const leftMs = window.endMs - nowMs;
  if (passedMs <= 0 || leftMs <= 0) return null;
  // seam: forecast-needs-a-part-of-the-window
  if (passedMs * 100 < shareMin * (window.endMs - fromMs)) return null;
  const passed = BigInt(Math.trunc(passedMs));
  const projected = spent + (spent * BigInt(Math.trunc(leftMs))) / passed;
  const untilLimitMs = Number(((limit - spent) * passed) / spent);
  return { projected, exceedsAtMs: nowMs + untilLimitMs };
}

function alarm(
  { budgetId, window, limit, spent }: BudgetUse,
  nowMs: number,
  subject: string,
  particular: Pick<DueAlarm['data'], 'kind'> & Partial<DueAlarm['data']>,
): DueAlarm {
  return {
    subject,
    data: {
      ...{ threshold: null, amount: null, exceeds_at: null },
      ...particular,
      budget_id: budgetId,
      window_start: iso(window.startMs),
      window_end: Number.isFinite(window.endMs) ? iso(window.endMs) : null,
      limit: formatDecimal12(limit),
      spent: formatDecimal12(spent),
      raised_at: iso(nowMs),
    },
  };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}

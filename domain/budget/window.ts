/**
 * The window of a budget that an instant belongs to, and the name of the window's ledger stream.
 * The window is part of the name, so a reset is a new stream and nothing is ever cleared
 * (docs/design.md, Budgets: leases).
 */
import { monthBounds } from '../period/calendar.ts';
import { type BudgetWindow, budgetWindowStreams } from './budget-events.ts';

export type WindowBounds = {
  startMs: number;
  /** Exclusive; Infinity for the window `total`. */
  endMs: number;
};

/** How a budget's time is divided. */
export type WindowRule = {
  window: BudgetWindow;
  /** IANA name, already validated. */
  time_zone: string;
  /**
   * `YYYY-MM-DD`: weeks begin on its day of the week, months on its day of the month (or on the last
   * day of a shorter month). null: weeks begin on Monday (ISO 8601), months on the first.
   */
  anchor: string | null;
};

/** Start of the single window of a `total` budget. */
const TOTAL_START_MS = 0;
const HOUR_MS = 3_600_000;
const MONDAY = 1;
const DAYS_PER_WEEK = 7;

/**
 * Calendar window in the budget's zone that contains the instant. The windows of a budget follow
 * each other without a gap, whatever the zone's clocks do.
 */
export function windowBounds(rule: WindowRule, atMs: number): WindowBounds {
  const { window, time_zone, anchor } = rule;
  if (window === 'total') return { startMs: TOTAL_START_MS, endMs: Number.POSITIVE_INFINITY };
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(time_zone);
  const from = anchor === null ? null : Temporal.PlainDate.from(anchor);
  switch (window) {
    case 'hour':
      return hourBounds(at);
    case 'day': {
      const day = at.toPlainDate();
      return containing(atMs, (n) => startOf(day.add({ days: n }), time_zone));
    }
    case 'week': {
      const day = at.toPlainDate();
      const first = from?.dayOfWeek ?? MONDAY;
      const days = (day.dayOfWeek - first + DAYS_PER_WEEK) % DAYS_PER_WEEK;
      const week = day.subtract({ days });
      return containing(atMs, (n) => startOf(week.add({ weeks: n }), time_zone));
    }
    case 'month':
      return monthBounds(atMs, time_zone, from?.day ?? 1);
    default:
      return window satisfies never;
  }
}

/**
 * Starts are compared as instants, never as local days: where clocks go back from 00:01 to 23:01,
 * the old day returns after the new one has begun.
 *
 * @param nth start of the window that is n after the one that the local date names
 */
function containing(atMs: number, nth: (n: number) => number): WindowBounds {
  const starts = [-1, 0, 1, 2].map(nth);
  const next = starts.findIndex((startMs) => atMs < startMs);
  return { startMs: starts[next - 1] as number, endMs: starts[next] as number };
}

/** The first instant of a local day, midnight or not. */
function startOf(day: Temporal.PlainDate, timeZone: string): number {
  return day.toZonedDateTime(timeZone).epochMilliseconds;
}

/** A full hour of the local clock; a change of the clock by less than an hour ends one early. */
function hourBounds(at: Temporal.ZonedDateTime): WindowBounds {
  const offsetMs = at.offsetNanoseconds / 1e6;
  const localMs = at.epochMilliseconds + offsetMs;
  const startMs = Math.floor(localMs / HOUR_MS) * HOUR_MS - offsetMs;
  const changedMs = at.getTimeZoneTransition('previous')?.epochMilliseconds;
  const changesMs = at.getTimeZoneTransition('next')?.epochMilliseconds;
  return {
    startMs: Math.max(startMs, changedMs ?? startMs),
    endMs: Math.min(startMs + HOUR_MS, changesMs ?? startMs + HOUR_MS),
  };
}

/**
 * Which budget's window a stream is, and its start. Null for anything else, and for the window of one end
 * user (`budget-<id>~…@…`), which nobody is warned of: there may be 100,000 of them.
 */
export function windowOfStream(stream: string): { budgetId: string; startMs: number } | null {
  const named = /^([^~]+)@(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(
    budgetWindowStreams.idOf(stream),
  );
  if (named === null) return null;
  const [, budgetId = '', year, month, day, hour, minute, second] = named;
  const startMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return { budgetId, startMs };
}

/**
 * `budget-<id>@<YYYYMMDDTHHMMSSZ>` of the window's start; of an end user
 * `budget-<id>~<digest>@<YYYYMMDDTHHMMSSZ>`.
 *
 * @param endUser digest of the one that a window of a template is for; null: the budget is no template
 */
export function windowStream(
  budgetId: string,
  startMs: number,
  endUser: string | null = null,
): string {
  const iso = Temporal.Instant.fromEpochMilliseconds(startMs).toString({
    smallestUnit: 'second',
  });
  const account = endUser === null ? budgetId : `${budgetId}~${endUser}`;
  return budgetWindowStreams.of(`${account}@${iso.replaceAll(/[-:]/g, '')}`);
}

/**
 * The window of a budget that an instant belongs to, and the name of the window's ledger stream.
 * The window is part of the name, so a reset is a new stream and nothing is ever cleared
 * (docs/design.md, Budgets: leases).
 */
import { type BudgetWindow, budgetWindowStreams } from './budget-events.ts';

export type WindowBounds = {
  startMs: number;
  /** Exclusive; Infinity for the window `total`. */
  endMs: number;
};

/** Start of the single window of a `total` budget. */
const TOTAL_START_MS = 0;

/**
 * Calendar window in the budget's zone that contains the instant; weeks begin on Monday
 * (ISO 8601).
 *
 * @param timeZone IANA name, already validated
 */
export function windowBounds(window: BudgetWindow, timeZone: string, atMs: number): WindowBounds {
  if (window === 'total') return { startMs: TOTAL_START_MS, endMs: Number.POSITIVE_INFINITY };
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  const day = at.toPlainDate();
  switch (window) {
    case 'day':
      return between(day, { days: 1 }, timeZone);
    case 'week':
      return between(day.subtract({ days: day.dayOfWeek - 1 }), { weeks: 1 }, timeZone);
    case 'month':
      return between(day.with({ day: 1 }), { months: 1 }, timeZone);
    default:
      return window satisfies never;
  }
}

function between(
  first: Temporal.PlainDate,
  length: Temporal.DurationLike,
  timeZone: string,
): WindowBounds {
  return {
    startMs: first.toZonedDateTime(timeZone).epochMilliseconds,
    endMs: first.add(length).toZonedDateTime(timeZone).epochMilliseconds,
  };
}

/** `budget-<id>@<YYYYMMDDTHHMMSSZ>` of the window's start. */
export function windowStream(budgetId: string, startMs: number): string {
  const iso = Temporal.Instant.fromEpochMilliseconds(startMs).toString({
    smallestUnit: 'second',
  });
  return budgetWindowStreams.of(`${budgetId}@${iso.replaceAll(/[-:]/g, '')}`);
}

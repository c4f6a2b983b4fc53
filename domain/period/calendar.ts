/**
 * Where billing months begin, in the customer's own zone (docs/design.md, Periods). A month begins
 * at the first instant of its anchor day; in a month that is too short, of its last day. Pure:
 * instants and zones are arguments.
 */

export type MonthBounds = {
  startMs: number;
  /** Exclusive; the next month's start. */
  endMs: number;
};

/**
 * The name as the time zone database spells it, so that one zone is not stored under two spellings;
 * null if it has no such name. A bare offset is no zone.
 */
export function canonicalTimeZone(name: string): string | null {
  if (!/^[A-Za-z]/.test(name)) return null;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * The billing month that the instant lies in. Every instant lies in exactly one.
 *
 * @param timeZone IANA name, already validated
 * @param anchorDay 1 to 31: the day of the month on which billing months begin
 */
export function monthBounds(atMs: number, timeZone: string, anchorDay: number): MonthBounds {
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  const month = at.toPlainDate().toPlainYearMonth();
  const startOf = (months: number): number =>
    monthStartMs(month.add({ months }), timeZone, anchorDay);
  // Starts are compared as instants, never as local days: where clocks go back from 00:01 to 23:01,
  // the old day returns after the new one has begun.
  const starts = [-1, 0, 1, 2].map(startOf);
  const next = starts.findIndex((startMs) => atMs < startMs);
  return { startMs: starts[next - 1] as number, endMs: starts[next] as number };
}

function monthStartMs(month: Temporal.PlainYearMonth, timeZone: string, anchorDay: number): number {
  const day = month.toPlainDate({ day: Math.min(anchorDay, month.daysInMonth) });
  // Without a wall-clock time this is the first instant of the day, midnight or not.
  return day.toZonedDateTime(timeZone).epochMilliseconds;
}

/**
 * Unix milliseconds of the first instant of a local day, which need not be midnight.
 *
 * @param date that exists, as 2026-11-24
 */
export function dayStartMs(date: string, timeZone: string): number {
  return Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds;
}

/** RFC 3339 UTC with three decimals: the form of instants in events and bodies (ADR 0001). */
export function formatInstant(atMs: number): string {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toString({ fractionalSecondDigits: 3 });
}

/** Unix milliseconds. @throws RangeError if the text is no RFC 3339 instant */
export function parseInstant(text: string): number {
  return Temporal.Instant.from(text).epochMilliseconds;
}

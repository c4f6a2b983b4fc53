/**
 * Where local days, months and hours begin within a range: the windows of a report. A day begins at
 * its first instant, which need not be midnight, and comes once, whatever its clocks do. Pure.
 */

/** Unix milliseconds, ascending; the first is at or before the range, all others are within it. */
export function dayStarts(fromMs: number, toMs: number, timeZone: string): number[] {
  const first = localDate(fromMs, timeZone);
  return startsFrom((days) => first.add({ days }), toMs, timeZone);
}

/** As `dayStarts`, of calendar months: those of `monthBounds` with the anchor day 1. */
export function monthStarts(fromMs: number, toMs: number, timeZone: string): number[] {
  const first = localDate(fromMs, timeZone).with({ day: 1 });
  return startsFrom((months) => first.add({ months }), toMs, timeZone);
}

/** A time during which a zone's clocks are the same: from when on, and ahead of UTC by how much. */
export type ClockSpan = { sinceMs: number; offsetMs: number };

/** Ascending; the first has begun at or before the range. */
export function clockSpans(fromMs: number, toMs: number, timeZone: string): ClockSpan[] {
  // `previous` is strict, and a change at the very start of the range counts.
  const after = Temporal.Instant.fromEpochMilliseconds(fromMs + 1).toZonedDateTimeISO(timeZone);
  const last = after.getTimeZoneTransition('previous');
  const spans = [{ sinceMs: last?.epochMilliseconds ?? 0, offsetMs: offsetMsOf(after) }];
  for (let next = after.getTimeZoneTransition('next'); next !== null; ) {
    if (next.epochMilliseconds >= toMs) break;
    spans.push({ sinceMs: next.epochMilliseconds, offsetMs: offsetMsOf(next) });
    next = next.getTimeZoneTransition('next');
  }
  return spans;
}

const offsetMsOf = (at: Temporal.ZonedDateTime) => at.offsetNanoseconds / 1_000_000;

const localDate = (atMs: number, timeZone: string) =>
  Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate();

function startsFrom(date: (n: number) => Temporal.PlainDate, toMs: number, timeZone: string) {
  const starts: number[] = [];
  for (let n = 0; ; n++) {
    // Without a wall-clock time this is the first instant of the day, midnight or not.
    const startMs = date(n).toZonedDateTime(timeZone).epochMilliseconds;
    if (n > 0 && startMs >= toMs) return starts;
    // A day that its zone left out begins with the next one.
    if (startMs !== starts.at(-1)) starts.push(startMs);
  }
}

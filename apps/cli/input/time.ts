/**
 * Times as a person types them, in a time zone that is stated. What can be read in two ways is refused with
 * what to type instead: a bill for the wrong month costs more than a second look. Pure.
 */
import { UsageError } from '../errors.ts';

/** A span of time: a text such as `2026-11` or `yesterday` names both of its ends. */
export type Span = { startMs: number; endMs: number };

export type TimeContext = { nowMs: number; timeZone: string };

const UNITS: Readonly<Record<string, 'seconds' | 'minutes' | 'hours' | 'days' | 'weeks'>> = {
  ...{ s: 'seconds', sec: 'seconds', second: 'seconds', seconds: 'seconds' },
  ...{ m: 'minutes', min: 'minutes', minute: 'minutes', minutes: 'minutes' },
  ...{ h: 'hours', hour: 'hours', hours: 'hours' },
  ...{ d: 'days', day: 'days', days: 'days' },
  ...{ w: 'weeks', week: 'weeks', weeks: 'weeks' },
};

const AMOUNT = /^(\d{1,6})\s*([a-z]+)$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const MONTH = /^\d{4}-\d\d$/;
const YEAR = /^\d{4}$/;
const LOCAL = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)$/;
const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i;
const CLOCK = /^\d\d:\d\d$/;

const FORMS = 'write it as 2026-11-30, 2026-11, "2026-11-30 14:00", yesterday or "2h ago"';

/** The first that matches says what to write instead. */
const ODD: readonly [form: RegExp, help: (text: string) => string][] = [
  [
    /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$/,
    (text) => {
      const [a = '', b = '', year] = text.split(/[/.]/).map((part) => part.padStart(2, '0'));
      const readings = [`${year}-${b}-${a}`, `${year}-${a}-${b}`].filter(isDay);
      return `day and month could be either: write ${[...new Set(readings)].join(' or ')}`;
    },
  ],
  [
    /^\d{1,2}[-/.]\d{4}$/,
    (text) => `write the year first, as ${text.split(/[-/.]/).reverse().join('-')}`,
  ],
  [/^\d{4}-\d{1,2}(-\d{1,2})?$/, () => 'write months and days with two digits, as 2026-03-07'],
  [/^\d{8}$/, (text) => `write ${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`],
  [/^\d{9,13}$/, () => 'seconds or milliseconds since 1970? Write it as 2026-11-30T14:00:00Z'],
  [/^\d{1,2}(:\d\d)?\s*(am|pm)$/, () => 'write the time of day as 14:00'],
  [
    /^(last|this|next)\s+week$|^(mon|tues|wednes|thurs|fri|satur|sun)day$/,
    () => 'weeks begin on other days elsewhere: write the date, as 2026-11-30',
  ],
];

/** @throws UsageError saying what to type */
export function parseSpan(place: string, text: string, context: TimeContext): Span {
  const typed = text.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  const span = named(typed, context) ?? relative(place, typed, context) ?? dated(typed, context);
  if (span === 'no such time') {
    throw new UsageError(`${place}: ${text} is no date and time that exists.`);
  }
  if (span === 'twice or never') {
    throw new UsageError(
      `${place}: clocks change in ${context.timeZone}, so ${text} is there twice or never: write ` +
        'its offset too, as 2026-10-25T02:30+02:00.',
    );
  }
  if (span !== undefined) return span;
  const odd = ODD.find(([form]) => form.test(typed));
  throw new UsageError(`${place}: ${text}: ${odd?.[1](typed) ?? FORMS}.`);
}

/** The instant at which what is typed begins. @throws UsageError */
export function parseTime(place: string, text: string, context: TimeContext): number {
  return parseSpan(place, text, context).startMs;
}

function today({ nowMs, timeZone }: TimeContext): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).toPlainDate();
}

function named(typed: string, context: TimeContext): Span | undefined {
  const day = today(context);
  const month = day.toPlainYearMonth();
  switch (typed) {
    case 'now':
      return { startMs: context.nowMs, endMs: context.nowMs };
    case 'today':
      return days(day, 1, context);
    case 'yesterday':
      return days(day.subtract({ days: 1 }), 1, context);
    case 'tomorrow':
      return days(day.add({ days: 1 }), 1, context);
    case 'this month':
      return months(month, 1, context);
    case 'last month':
      return months(month.subtract({ months: 1 }), 1, context);
    case 'next month':
      return months(month.add({ months: 1 }), 1, context);
    case 'this year':
      return months(Temporal.PlainYearMonth.from({ year: day.year, month: 1 }), 12, context);
    default:
      return undefined;
  }
}

/** `2h ago`, `in 3 days`: hours are of the clock on the wall where they are days. */
function relative(place: string, typed: string, context: TimeContext): Span | undefined {
  const isAgo = typed.endsWith(' ago');
  const isAhead = typed.startsWith('in ');
  const amount = AMOUNT.exec(typed.replace(/ ago$/, '').replace(/^in /, ''));
  const unit = UNITS[amount?.[2] ?? ''];
  if (amount === null || unit === undefined) return undefined;
  const typedAmount = amount[0];
  if (isAgo === isAhead) {
    throw new UsageError(`${place}: write "${typedAmount} ago" or "in ${typedAmount}".`);
  }
  const { nowMs, timeZone } = context;
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone);
  const count = Number(amount[1]);
  const then = isAgo ? now.subtract({ [unit]: count }) : now.add({ [unit]: count });
  return { startMs: then.epochMilliseconds, endMs: then.epochMilliseconds };
}

type Dated = Span | 'no such time' | 'twice or never' | undefined;

function dated(typed: string, context: TimeContext): Dated {
  try {
    if (YEAR.test(typed)) {
      return months(Temporal.PlainYearMonth.from(`${typed}-01`), 12, context);
    }
    if (MONTH.test(typed)) return months(Temporal.PlainYearMonth.from(typed), 1, context);
    if (DAY.test(typed)) return days(Temporal.PlainDate.from(typed), 1, context);
    if (INSTANT.test(typed)) return at(Temporal.Instant.from(typed.toUpperCase()));
    const [, day, clock] = LOCAL.exec(typed) ?? (CLOCK.test(typed) ? ['', '', typed] : []);
    if (clock === undefined || day === undefined) return undefined;
    const local = (day === '' ? today(context) : Temporal.PlainDate.from(day)).toPlainDateTime(
      Temporal.PlainTime.from(clock),
    );
    return wallClock(local, context);
  } catch (error) {
    if (error instanceof RangeError) return 'no such time';
    throw error;
  }
}

function wallClock(local: Temporal.PlainDateTime, { timeZone }: TimeContext): Dated {
  const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
    local.toZonedDateTime(timeZone, { disambiguation }),
  );
  if (earlier === undefined || later === undefined) return undefined;
  return earlier.equals(later) ? at(earlier.toInstant()) : 'twice or never';
}

function at({ epochMilliseconds }: Temporal.Instant): Span {
  return { startMs: epochMilliseconds, endMs: epochMilliseconds };
}

/** Days begin at their first instant, which need not be midnight. */
function days(first: Temporal.PlainDate, count: number, { timeZone }: TimeContext): Span {
  const start = (day: Temporal.PlainDate) => day.toZonedDateTime(timeZone).epochMilliseconds;
  return { startMs: start(first), endMs: start(first.add({ days: count })) };
}

function months(first: Temporal.PlainYearMonth, count: number, { timeZone }: TimeContext): Span {
  const start = (month: Temporal.PlainYearMonth) =>
    month.toPlainDate({ day: 1 }).toZonedDateTime(timeZone).epochMilliseconds;
  return { startMs: start(first), endMs: start(first.add({ months: count })) };
}

function isDay(text: string): boolean {
  const parsed = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
}

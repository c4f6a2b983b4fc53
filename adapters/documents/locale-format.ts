/**
 * How a locale writes figures and days, asked of this Node's locale data once, when an invoice gets its
 * terms. The data change with Node's versions; a document keeps what was found (I4).
 */
import { minorUnitPlaces } from '@tollgate/domain/invoice/currency.ts';
import type { DocumentFormat } from '@tollgate/domain/invoice/document-events.ts';

export type FormatRequest = {
  /** BCP 47. */
  locale: string;
  /** ISO 4217. */
  currency: string;
  /** The seller's, for issue and due. */
  timeZone: string;
  issuedAtMs: number;
  /** A day, as 2026-11-30. */
  dueOn: string;
  period: { startMs: number; endMs: number; timeZone: string };
};

/** The locale as BCP 47 spells it; null if there is no such locale here. */
export function canonicalLocale(locale: string): string | null {
  try {
    const [found] = Intl.NumberFormat.supportedLocalesOf(locale);
    return found ?? null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

export function documentFormat(request: FormatRequest): DocumentFormat {
  // Digits of the Latin script in every locale: banks and auditors compare them with other papers.
  const locale = new Intl.Locale(request.locale, { numberingSystem: 'latn', calendar: 'gregory' });
  const { currency } = request;
  const places = minorUnitPlaces(currency);
  const money = (currencyDisplay: 'symbol' | 'code') =>
    new Intl.NumberFormat(locale, {
      ...{ style: 'currency', currency, currencyDisplay },
      ...{ minimumFractionDigits: places, maximumFractionDigits: places },
    });
  const percent = new Intl.NumberFormat(locale, { style: 'percent' });
  const decimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1 });
  const parts = decimal.formatToParts(-123_456_789_012.5);
  const groups = parts.filter(({ type }) => type === 'integer').map(({ value }) => value.length);
  return {
    locale: request.locale,
    decimal: partOf(parts, 'decimal', '.'),
    group: partOf(parts, 'group', ''),
    minus: partOf(parts, 'minusSign', '-').replace(DIRECTION, ''),
    group_digits: [groups.at(-1) ?? 3, groups.at(-2) ?? 3],
    group_digits_min: groupDigitsMin(decimal),
    money: moneyAround(money),
    percent: around(percent.formatToParts(1)),
    days: daysOf(locale, request),
  };
}

function partOf(
  parts: readonly Intl.NumberFormatPart[],
  wanted: Intl.NumberFormatPart['type'],
  otherwise: string,
): string {
  return parts.find(({ type }) => type === wanted)?.value ?? otherwise;
}

/** Spanish and Polish write 1234 and 12 345: how many digits are before the first group. */
function groupDigitsMin(decimal: Intl.NumberFormat): number {
  const grouped = (value: number) =>
    decimal.formatToParts(value).some(({ type }) => type === 'group');
  return grouped(1_234) ? 1 : 2;
}

function around(parts: readonly Intl.NumberFormatPart[]): { before: string; after: string } {
  const first = parts.findIndex(({ type }) => type === 'integer');
  const last = parts.findLastIndex(({ type }) => type === 'integer' || type === 'fraction');
  const text = (some: readonly Intl.NumberFormatPart[]) => some.map(({ value }) => value).join('');
  return { before: text(parts.slice(0, first)), after: text(parts.slice(last + 1)) };
}

const DIRECTION = /[\u061C\u200E\u200F]/gu;

/** A sign that is written from right to left would turn the line around: its code is written. */
function moneyAround(money: (display: 'symbol' | 'code') => Intl.NumberFormat) {
  const sign = around(money('symbol').formatToParts(1));
  const isTurned = /[\p{Script=Arabic}\p{Script=Hebrew}]/u.test(sign.before + sign.after);
  const { before, after } = isTurned ? around(money('code').formatToParts(1)) : sign;
  // The wide yen of Japanese is in no font but those for East Asian text.
  const plain = (text: string) => text.replace(DIRECTION, '').replace('\uFFE5', '\u00A5');
  return { before: plain(before), after: plain(after) };
}

function daysOf(locale: Intl.Locale, request: FormatRequest): DocumentFormat['days'] {
  const { issuedAtMs, dueOn, period } = request;
  const { timeZone } = period;
  const day = (atMs: number, zone: string) =>
    new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: zone }).format(atMs);
  const instant = (atMs: number) =>
    new Intl.DateTimeFormat(locale, {
      ...{ dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23', timeZone },
    }).format(atMs);
  // The end is exclusive: of a month, its last day is shown. Of a period that was closed early, or
  // that begins where such a one ended, the instant is.
  const whole = isDayStart(period.startMs, timeZone) && isDayStart(period.endMs, timeZone);
  return {
    issued: day(issuedAtMs, request.timeZone),
    due: day(Temporal.PlainDate.from(dueOn).toZonedDateTime('UTC').epochMilliseconds, 'UTC'),
    period_start: whole ? day(period.startMs, timeZone) : instant(period.startMs),
    period_end: whole ? day(period.endMs - 1, timeZone) : instant(period.endMs),
  };
}

function isDayStart(atMs: number, timeZone: string): boolean {
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  return at.equals(at.startOfDay());
}

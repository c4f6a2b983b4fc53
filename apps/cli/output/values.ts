/** Amounts and times as people read them. Programs get the API's own texts (`--json`). */
import { minorUnitPlaces } from '@tollgate/domain/invoice/currency.ts';

const CENTS = 2;
const DIGITS_SHOWN = 4;
/** Below this much, cents say nothing. */
const SMALL = 0.01;

/** A decimal text in a budget's unit: `$12.34`, `1,204,000 tokens`. */
export function amountText(decimal: string | null, unit: string): string {
  if (decimal === null) return 'unknown';
  if (unit === 'usd') return money(decimal, '$', '');
  if (/^[a-z]{3}$/.test(unit)) return money(decimal, '', ` ${unit.toUpperCase()}`);
  return `${grouped(trimmed(decimal))} ${unit}`;
}

export function usdText(decimal: string | null): string {
  return amountText(decimal, 'usd');
}

/**
 * With cents; an amount of less than one with so many digits that it is not shown as nothing. Cut, never
 * rounded up: what is left of a budget is not shown as more than it is.
 */
function money(decimal: string, before: string, after: string): string {
  const isNegative = decimal.startsWith('-');
  const [whole = '0', part = ''] = decimal.replace('-', '').split('.');
  const isSmall = Number(decimal) !== 0 && Math.abs(Number(decimal)) < SMALL;
  const first = part.search(/[1-9]/);
  const places = isSmall && first !== -1 ? first + DIGITS_SHOWN : CENTS;
  const shown = isSmall
    ? part.slice(0, places).replace(/0+$/, '')
    : part.slice(0, places).padEnd(places, '0');
  return `${isNegative ? '-' : ''}${before}${grouped(whole)}.${shown}${after}`;
}

/** Amounts in the smallest that can be paid, as invoices have them: `43.12 EUR`, `4,312 JPY`. */
export function minorText(minor: number, currency: string): string {
  const places = minorUnitPlaces(currency);
  const digits = String(Math.abs(minor)).padStart(places + 1, '0');
  const whole = grouped(digits.slice(0, digits.length - places));
  const part = places === 0 ? '' : `.${digits.slice(digits.length - places)}`;
  return `${minor < 0 ? '-' : ''}${whole}${part} ${currency}`;
}

function trimmed(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

function grouped(text: string): string {
  const [whole = '', part] = text.split('.');
  const shown = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return part === undefined ? shown : `${shown}.${part}`;
}

export function countText(count: number): string {
  return grouped(String(count));
}

/** `2026-11-30 14:05`, in the zone; the heading or footer says which one that is. */
export function timeText(instant: string | number | null, timeZone: string): string {
  if (instant === null) return 'never';
  const ms = typeof instant === 'number' ? instant : Date.parse(instant);
  const at = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  return at.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ');
}

/** Bars as high as the figures, the highest a whole block. */
export function sparkline(figures: readonly number[]): string {
  const most = Math.max(0, ...figures);
  return figures
    .map((figure) => {
      if (figure <= 0) return '·';
      const step = Math.ceil((figure / most) * BARS.length) - 1;
      return BARS[Math.min(BARS.length - 1, Math.max(0, step))];
    })
    .join('');
}

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

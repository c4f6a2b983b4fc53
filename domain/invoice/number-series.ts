/**
 * Invoice numbers: without a gap and without a duplicate for each seller. A number is the place of its
 * event in the stream of the series; here is how it is written.
 */

/** `{year}`, `{seq}`, or `{seq:6}` for at least six digits. */
const PLACEHOLDER = /\{(?:(year)|seq(?::([1-9]))?)\}/g;

const LITERAL = /^[A-Za-z0-9 ./_-]*$/;

/** Characters of a number; banks take some 30 in a reference. */
const NUMBER_LENGTH_MAX = 30;

/** @returns what is wrong with a format; null: nothing */
export function numberFormatFault(format: string): string | null {
  const places = [...format.matchAll(PLACEHOLDER)];
  const sequences = places.filter(([, year]) => year === undefined).length;
  if (sequences !== 1) return 'needs {seq} once, or {seq:6} for six digits';
  if (places.length > 2) return 'has {year} more than once';
  if (!LITERAL.test(format.replace(PLACEHOLDER, ''))) {
    return 'may have letters, digits, space and . / _ - besides {year} and {seq}';
  }
  if (format.replace(PLACEHOLDER, '').length > NUMBER_LENGTH_MAX - 13) return 'is too long';
  // {year}{seq} would write number 1 of 2026 and number 20261 of no year alike.
  return /\}\{/.test(format) ? 'needs a character between {year} and {seq}' : null;
}

/** Numbers begin again with each year if they name it. @param seller its name in the configuration */
export function seriesOf(seller: string, format: string, issuedOn: string): string {
  return format.includes('{year}') ? `${seller}.${issuedOn.slice(0, 4)}` : seller;
}

/** @param sequence from 1 */
export function invoiceNumber(format: string, issuedOn: string, sequence: number): string {
  return format.replace(PLACEHOLDER, (_all, year?: string, digits?: string) =>
    year === undefined
      ? String(sequence).padStart(digits === undefined ? 1 : digits.charCodeAt(0) - 48, '0')
      : issuedOn.slice(0, 4),
  );
}

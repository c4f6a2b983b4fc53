/**
 * Exact money (I6): integers of 1e-12 of a unit (pico-dollars) in code, decimal text with 12 places
 * on the wire. No float touches money.
 */

/** Pico-units in one unit. */
export const PICO_PER_UNIT = 1_000_000_000_000n;

const DECIMAL_12 = /^-?(0|[1-9]\d*)\.\d{12}$/;

/** @throws RangeError unless the text has exactly 12 places and no superfluous zeros */
export function parseDecimal12(text: string): bigint {
  if (!DECIMAL_12.test(text)) throw new RangeError(`not a decimal with 12 places: ${text}`);
  return BigInt(text.replace('.', ''));
}

/** The inverse of `parseDecimal12`. */
export function formatDecimal12(pico: bigint): string {
  if (pico < 0n) return formatDecimal(pico, 12);
  // Several times in each call: as few texts in between as there can be.
  const digits = String(pico);
  const point = digits.length - 12;
  if (point > 0) return `${digits.slice(0, point)}.${digits.slice(point)}`;
  return ZEROS[digits.length] + digits;
}

/** What comes before so many digits behind the point. */
const ZEROS = Array.from({ length: 13 }, (_, digits) => `0.${'0'.repeat(12 - digits)}`);

/** An integer of 10^-places as decimal text with so many places, and no point where there are none. */
export function formatDecimal(amount: bigint, places: number): string {
  const negative = amount < 0n;
  const digits = String(negative ? -amount : amount).padStart(places + 1, '0');
  const sign = negative ? '-' : '';
  if (places === 0) return sign + digits;
  const point = digits.length - places;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * Decimal text such as "0.15" as an integer of 10^-places.
 *
 * @throws RangeError if it is not a decimal or has more places than that
 */
export function parseDecimal(text: string, places: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[3] ?? '';
  if (match === null || fraction.length > places) {
    throw new RangeError(`not a decimal with at most ${places} places: ${text}`);
  }
  return BigInt(`${match[1]}${match[2]}${fraction.padEnd(places, '0')}`);
}

/**
 * Exact fractions of bigints. The gateway uses scaled integers. The oracle deliberately uses
 * another arithmetic, so that it cannot share a rounding error with what it checks.
 */
export type Rational = { readonly numerator: bigint; readonly denominator: bigint };

export const zero: Rational = { numerator: 0n, denominator: 1n };

/** Reads a non-negative decimal text such as `0.0333333` exactly; throws on anything else. */
export function rationalOf(decimal: string): Rational {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(decimal);
  if (match === null) throw new Error(`not a non-negative decimal: ${decimal}`);
  const fraction = match[2] ?? '';
  return {
    numerator: BigInt(`${match[1]}${fraction}`),
    denominator: 10n ** BigInt(fraction.length),
  };
}

export function sum(a: Rational, b: Rational): Rational {
  if (a.denominator === b.denominator) {
    return { numerator: a.numerator + b.numerator, denominator: a.denominator };
  }
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  };
}

/** `price` times `units`, divided by `per` (a price per million has `per` = 1,000,000). */
export function scaled(price: Rational, units: number, per: bigint): Rational {
  return {
    numerator: price.numerator * BigInt(units),
    denominator: price.denominator * per,
  };
}

const PICO_PER_DOLLAR = 10n ** 12n;

/** Rounds non-negative dollars to whole pico-dollars (1e-12 USD), half away from zero. */
export function roundToPico(dollars: Rational): bigint {
  const twice = 2n * dollars.numerator * PICO_PER_DOLLAR + dollars.denominator;
  return twice / (2n * dollars.denominator);
}

/** Writes pico-dollars as a decimal text with exactly 12 places. */
export function formatPico(pico: bigint): string {
  const whole = pico / PICO_PER_DOLLAR;
  const places = (pico % PICO_PER_DOLLAR).toString().padStart(12, '0');
  return `${whole}.${places}`;
}

/** Reads what `formatPico` wrote. */
export function parsePico(text: string): bigint {
  if (!/^\d+\.\d{12}$/.test(text)) throw new Error(`not a 12-place amount: ${text}`);
  return BigInt(text.replace('.', ''));
}

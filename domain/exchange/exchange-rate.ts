/**
 * Exchange rates as exact fractions (I6): costs are in USD, and an invoice in another currency is
 * worked out with one multiplication and one division, which the rounding of its total is.
 */
import { parseDecimal } from '../money/money.ts';

/** The only currency that costs are known in. */
export const COST_CURRENCY = 'USD';

/** Decimal places that a published rate may have; its schema has the same bound. */
const RATE_PLACES = 15;

/** As a snapshot and an invoice state it: what one unit of `base` is worth in `quote`. */
export type ExchangeRate = {
  /** ISO 4217; of a bill always the currency of costs. */
  base: string;
  quote: string;
  /** Units of `quote` for one of `base` are exactly `numerator` / `denominator`, in lowest terms. */
  numerator: string;
  denominator: string;
  /** Who states it, such as `ecb`, as the table says. */
  source: string;
  /** When it was stated, RFC 3339 UTC. */
  as_of: string;
  /** The published table that it is from. */
  version: string;
};

/** What a table of rates says; see `ExchangeRatesPublished`. */
export type RateTable = {
  version: string;
  source: string;
  origin: 'published' | 'fetched';
  base: string;
  as_of: string;
  valid_until: string;
  /** Decimal text: units of the currency for one of `base`. */
  rates: { currency: string; rate: string }[];
};

export type Fraction = { numerator: bigint; denominator: bigint };

const ONE: Fraction = { numerator: 1n, denominator: 1n };

export function fractionOf(rate: ExchangeRate | null | undefined): Fraction {
  if (rate == null) return ONE;
  return { numerator: BigInt(rate.numerator), denominator: BigInt(rate.denominator) };
}

/**
 * Two rates of one table make the rate between any two of its currencies, without a decimal in
 * between that would have to be rounded.
 *
 * @returns null if the table lacks one of the two
 */
export function rateOfTable(table: RateTable, base: string, quote: string): ExchangeRate | null {
  const [of, into] = [statedRate(table, base), statedRate(table, quote)];
  if (of === null || into === null) return null;
  const { numerator, denominator } = lowestTerms(into, of);
  return {
    base,
    quote,
    numerator: String(numerator),
    denominator: String(denominator),
    source: table.source,
    as_of: table.as_of,
    version: table.version,
  };
}

/** In 10^-RATE_PLACES; a table need not state what its own base is worth. */
function statedRate({ base, rates }: RateTable, currency: string): bigint | null {
  if (currency === base) return 10n ** BigInt(RATE_PLACES);
  const stated = rates.find((entry) => entry.currency === currency);
  return stated === undefined ? null : parseDecimal(stated.rate, RATE_PLACES);
}

function lowestTerms(numerator: bigint, denominator: bigint): Fraction {
  const common = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / common, denominator: denominator / common };
}

/** The smallest denominator that all of them can be written with. */
export function commonDenominator(fractions: readonly Fraction[]): bigint {
  return fractions.reduce(
    (common, { denominator }) =>
      (common / greatestCommonDivisor(common, denominator)) * denominator,
    1n,
  );
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}

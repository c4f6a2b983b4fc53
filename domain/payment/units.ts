/**
 * Amounts as Stripe takes them (docs.stripe.com/currencies). Its minor units are those of ISO 4217 but
 * for a few currencies: some are written with two decimals that must be zero, one has none there, and
 * of three decimals the last must be zero. Currencies that it does not take have no entry.
 */
import { roundedInAll } from '../invoice/shares.ts';

export type PaymentUnit = {
  /** Its minor units in one of ours, as a fraction. */
  multiplier: bigint;
  divisor: bigint;
  /** What every amount must be a multiple of. */
  step: bigint;
};

const AS_OURS: PaymentUnit = { multiplier: 1n, divisor: 1n, step: 1n };
/** Without decimals at ISO, with two zeros there. */
const TWO_ZEROS: PaymentUnit = { multiplier: 100n, divisor: 1n, step: 100n };
/** With two decimals at ISO, without any there. */
const WHOLE_ONLY: PaymentUnit = { multiplier: 1n, divisor: 100n, step: 1n };
/** With three decimals; the last one must be zero. */
const TENS_ONLY: PaymentUnit = { multiplier: 1n, divisor: 1n, step: 10n };

const UNLIKE_ISO = new Map([
  ...(['ISK', 'UGX'] as const).map((code) => [code, TWO_ZEROS] as const),
  ...(['MGA'] as const).map((code) => [code, WHOLE_ONLY] as const),
  ...(['BHD', 'JOD', 'KWD', 'OMR', 'TND'] as const).map((code) => [code, TENS_ONLY] as const),
] as readonly (readonly [string, PaymentUnit])[]);

/** Of ISO 4217, and no currency there. */
const NOT_TAKEN = new Set([
  ...['BOV', 'CHE', 'CHW', 'CLF', 'COU', 'CUC', 'CUP', 'ERN', 'GHS', 'IQD', 'IRR', 'KPW', 'LYD'],
  ...['MRU', 'MXV', 'SDG', 'SSP', 'SVC', 'SYP', 'TMT', 'USN', 'UYI', 'UYW', 'VED', 'VES'],
]);

/** @returns null: an amount in it cannot be paid there */
export function paymentUnit(currency: string): PaymentUnit | null {
  if (NOT_TAKEN.has(currency)) return null;
  return UNLIKE_ISO.get(currency) ?? AS_OURS;
}

/**
 * Line amounts there, whose sum is the rounded total: the total is rounded once, half away from zero, and
 * lines share it by largest remainders, as in an invoice. Where the units are ours, nothing changes.
 */
export function paymentAmounts(
  amountsMinor: readonly bigint[],
  { multiplier, divisor, step }: PaymentUnit,
): bigint[] {
  const exact = amountsMinor.map((amount) => amount * multiplier);
  return roundedInAll(exact, divisor * step).map((amount) => amount * step);
}

/** What an invoice's total is above what is asked for there, in our minor units. */
export function roundingMinor(
  totalMinor: bigint,
  paymentMinor: bigint,
  { multiplier, divisor }: PaymentUnit,
): bigint {
  return totalMinor - (paymentMinor * divisor) / multiplier;
}

/**
 * The least that Stripe charges, in its minor units (docs.stripe.com/currencies, Minimum and maximum
 * charge amounts). Where it states none it converts to the account's own currency: then nobody here
 * knows it, and the system itself decides.
 */
const LEAST = new Map<string, number>([
  ...(['USD', 'AUD', 'BRL', 'CAD', 'CHF', 'EUR', 'INR', 'NZD', 'SGD'] as const).map(
    (code) => [code, 50] as const,
  ),
  ...([
    ['GBP', 30],
    ['JPY', 50],
    ['AED', 200],
    ['CZK', 1500],
    ['DKK', 250],
  ] as const),
  ...([
    ['HKD', 400],
    ['HUF', 17500],
    ['MXN', 1000],
    ['MYR', 200],
    ['NOK', 300],
  ] as const),
  ...([
    ['PLN', 200],
    ['RON', 200],
    ['SEK', 300],
    ['THB', 1000],
  ] as const),
]);

export function isBelowMinimum(paymentMinor: bigint, currency: string): boolean {
  const least = LEAST.get(currency);
  return least !== undefined && paymentMinor > 0n && paymentMinor < BigInt(least);
}

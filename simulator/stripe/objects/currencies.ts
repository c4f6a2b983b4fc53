/** What docs.stripe.com/currencies says of amounts. */
import { invalid } from '../wire/stripe-error.ts';

const THREE_DECIMALS: ReadonlySet<string> = new Set(['bhd', 'jod', 'kwd', 'omr', 'tnd']);
/** Kept with two decimals for compatibility, though they have none: the last two digits must be 0. */
const WHOLE_UNITS: ReadonlySet<string> = new Set(['isk', 'ugx']);

/** The smallest amount that can be charged, in the minor unit, by settlement currency. */
const CHARGE_MIN: Readonly<Record<string, number>> = {
  usd: 50,
  aed: 200,
  aud: 50,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1_500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17_500,
  inr: 50,
  jpy: 50,
  mxn: 1_000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1_000,
};

/** Zero where the minimum depends on what the account settles in. */
export function chargeMin(currency: string): number {
  return CHARGE_MIN[currency] ?? 0;
}

/** Throws where the amount has a digit that the currency cannot have. */
export function checkAmount(amount: number, currency: string, param: string): void {
  const step = THREE_DECIMALS.has(currency) ? 10 : WHOLE_UNITS.has(currency) ? 100 : 1;
  if (amount % step === 0) return;
  throw invalid(
    `Invalid amount: ${amount}. Amounts in ${currency} must end in ${step === 10 ? '0' : '00'}.`,
    'invalid_amount',
    param,
  );
}

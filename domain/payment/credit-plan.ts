/**
 * What a credit note becomes in a payment system. Its amount is the note's share of what was asked for
 * there, which may have another unit or another tax: after each note the sum of all is the share of all,
 * rounded once, so notes over the whole invoice credit what it asks for there, and none ever more.
 */
import { divideHalfAwayFromZero } from '../money/rounding.ts';
import { exactInteger } from '../period/exact-integer.ts';
import type { ExportCreditRequested } from './payment-events.ts';
import { paymentAmounts, paymentUnit } from './units.ts';

type Credit = Pick<
  ExportCreditRequested['data'],
  'lines' | 'total_minor' | 'before_minor' | 'invoice_minor'
>;

/** @param askedMinor what is to be paid for the invoice there */
export function creditThere(credit: Credit, askedMinor: number, currency: string): number {
  const unit = paymentUnit(currency);
  if (unit === null) throw new Error(`nothing can be paid in ${currency} there`);
  const [asked, invoice] = [BigInt(askedMinor), BigInt(credit.invoice_minor)];
  const share = (minor: bigint): bigint => {
    // seam: whole-credit-is-what-was-asked
    if (minor >= invoice) return asked;
    return divideHalfAwayFromZero(asked * minor, invoice * unit.step) * unit.step;
  };
  const before = BigInt(credit.before_minor);
  return exactInteger(share(before + BigInt(credit.total_minor)) - share(before), 'a credit');
}

/** @returns the lines there; null: they do not add up to the amount, so the note has none */
export function creditLines(
  { lines }: Credit,
  amountMinor: number,
  currency: string,
): { description: string; amount_minor: number }[] | null {
  const unit = paymentUnit(currency);
  if (unit === null) return null;
  const amounts = paymentAmounts(
    lines.map(({ amount_minor }) => BigInt(amount_minor)),
    unit,
  );
  const sum = amounts.reduce((total, amount) => total + amount, 0n);
  if (sum !== BigInt(amountMinor) || amounts.some((amount) => amount <= 0n)) return null;
  return lines.map(({ description }, index) => ({
    description,
    amount_minor: exactInteger(amounts[index] ?? 0n, 'a line of a credit'),
  }));
}

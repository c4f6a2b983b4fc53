/**
 * Exact amounts to whole minor units. Method: largest remainders (Hamilton's), so that rounded lines
 * add up to the rounded sum, and no line is off by a whole minor unit.
 */
import { divideDown, divideHalfAwayFromZero } from '../money/rounding.ts';

/**
 * The sum is rounded once, half away from zero. Each amount is rounded down, and what is missing
 * goes, one unit each, to those that lost most; of equal ones to the first.
 *
 * @param exact numerators of amounts in minor units
 * @param denominator > 0
 */
export function roundedInAll(exact: readonly bigint[], denominator: bigint): bigint[] {
  const sum = exact.reduce((total, amount) => total + amount, 0n);
  const amounts = exact.map((amount) => divideDown(amount, denominator));
  const given = amounts.reduce((total, amount) => total + amount, 0n);
  let missing = divideHalfAwayFromZero(sum, denominator) - given;
  const lost = exact.map((amount, index) => amount - (amounts[index] as bigint) * denominator);
  const byLoss = [...exact.keys()].sort((a, b) => compare(lost[b] as bigint, lost[a] as bigint));
  // A sort is stable: of equal losses the first comes first.
  for (const index of byLoss) {
    if (missing-- <= 0n) break;
    amounts[index] = (amounts[index] as bigint) + 1n;
  }
  return amounts;
}

/** Each amount for itself, half away from zero, whatever that does to the sum. */
export function roundedEach(exact: readonly bigint[], denominator: bigint): bigint[] {
  return exact.map((amount) => divideHalfAwayFromZero(amount, denominator));
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

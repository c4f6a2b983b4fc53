/**
 * How large a slice of a budget a proxy is granted: a sixteenth of the limit, or what waiting calls
 * need if that is more, but never more than what is left, so the last dollar can be spent
 * (docs/design.md, Budgets: leases).
 */
import { available, type BudgetAccount } from './account.ts';

const SLICES_PER_LIMIT = 16n;

export type GrantDecision =
  | { kind: 'grant'; amount: bigint }
  /** What is left is not enough for any of the waiting calls. */
  | { kind: 'exhausted' };

/**
 * A call that cannot be served is granted nothing: other calls may be able to spend what is left.
 *
 * @param free the part of this proxy's leases that no call uses
 * @param waiting what each waiting call needs, in order of arrival
 */
export function decideGrant(
  account: BudgetAccount,
  free: bigint,
  waiting: readonly bigint[],
): GrantDecision {
  const left = available(account);
  let served = 0n;
  // seam: only-served-calls-are-granted
  for (const amount of waiting) if (served + amount <= left + free) served += amount;
  const shortfall = served - free;
  if (left <= 0n || shortfall <= 0n) return { kind: 'exhausted' };
  const slice = account.limit / SLICES_PER_LIMIT;
  const wanted = shortfall > slice ? shortfall : slice;
  return { kind: 'grant', amount: wanted < left ? wanted : left };
}

/**
 * Divides an attempt's charge among the parts of its hold: in order, each up to its amount. What
 * exceeds the whole hold (the provider billed more than the stated bound) is added to the last
 * part.
 *
 * @returns one charge per part, and the excess over the hold (0n in all ordinary cases)
 */
export function allocateCharge(
  holdParts: readonly bigint[],
  charge: bigint,
): { charges: bigint[]; overrun: bigint } {
  let left = charge;
  const charges = holdParts.map((part) => {
    const share = left < part ? left : part;
    left -= share;
    return share;
  });
  if (left > 0n && charges.length > 0) {
    charges[charges.length - 1] = (charges.at(-1) ?? 0n) + left;
  }
  return { charges, overrun: left };
}

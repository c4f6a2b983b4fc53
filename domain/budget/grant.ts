/**
 * How large a slice of a budget a proxy is granted. Fixed-size slices: a sixteenth of the limit, or
 * what waiting calls need if that is more, never more than what is left, so that the last dollar
 * is spendable (design §8).
 */
import { available, type BudgetAccount } from './account.ts';

const SLICES_PER_LIMIT = 16n;

export type GrantDecision =
  | { kind: 'grant'; amount: bigint }
  /** What is left serves none of them. */
  | { kind: 'exhausted' };

/**
 * A call that cannot be served at all takes nothing: what it would take, others can spend.
 *
 * @param free what this proxy holds that no call uses
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
 * How an attempt's charge falls on the parts of its hold: in order, each up to its amount; what is
 * above the whole hold (the provider billed more than the stated bound) falls on the last part.
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

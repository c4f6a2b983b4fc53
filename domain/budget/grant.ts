/**
 * How large a slice of a budget a proxy is granted: what it spends in a minute at its own rate, but no
 * more than a sixteenth of the limit and a quarter of what is left, so that it lasts for several
 * proxies; or what waiting calls need if that is more, up to all that is left, so the last dollar can
 * be spent (docs/design.md, Budgets: leases).
 */
import { available, type BudgetAccount } from './account.ts';

/** One proxy's share of the limit, and of the rest. */
const SLICES_PER_LIMIT = 16n;
const SLICES_OF_THE_REST = 4n;

export type GrantDecision =
  | { kind: 'grant'; amount: bigint }
  /** What is left is not enough for any of the waiting calls. */
  | { kind: 'exhausted' };

/**
 * A call that cannot be served is granted nothing: other calls may be able to spend what is left.
 *
 * @param free the part of this proxy's leases that no call uses
 * @param waiting what each waiting call needs, in order of arrival
 * @param ahead what this proxy needs beyond that until it asks again (`aheadOf`); null: it knows
 *   nothing of its rate yet, and takes a whole share
 */
export function decideGrant(
  account: BudgetAccount,
  free: bigint,
  waiting: readonly bigint[],
  ahead: bigint | null,
): GrantDecision {
  const left = available(account);
  let served = 0n;
  // seam: only-served-calls-are-granted
  for (const amount of waiting) if (served + amount <= left + free) served += amount;
  const shortfall = served - free;
  if (left <= 0n || shortfall <= 0n) return { kind: 'exhausted' };
  const ofLimit = account.limit / SLICES_PER_LIMIT;
  const ofRest = left / SLICES_OF_THE_REST;
  const share = ofLimit < ofRest ? ofLimit : ofRest;
  if (shortfall >= share) return { kind: 'grant', amount: shortfall };
  const wanted = ahead === null ? share : shortfall + ahead;
  return { kind: 'grant', amount: wanted < share ? wanted : share };
}

/**
 * Whether so little is left that other proxies may soon miss a slice that no call uses.
 *
 * @param amount of the slice: calls elsewhere may be as large as those here
 */
export function isScarce(account: BudgetAccount, amount: bigint): boolean {
  const left = available(account);
  return left < account.limit / SLICES_OF_THE_REST || left < amount;
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
  const charges: bigint[] = [];
  for (const part of holdParts) {
    const share = left < part ? left : part;
    left -= share;
    charges.push(share);
  }
  if (left > 0n && charges.length > 0) {
    charges[charges.length - 1] = (charges.at(-1) ?? 0n) + left;
  }
  // seam: overrun-of-a-charge
  return { charges, overrun: left };
}

/** What is left of each top-up, for those who look: no decision needs it. */
import { available, type BudgetAccount } from './account.ts';
import type { BudgetDefinition } from './definition.ts';
import { ends } from './limit.ts';

/**
 * Neither spent nor held, by id. Credit that does not end is one sum; the oldest of it is taken to be
 * spent first, and the limit itself before it.
 *
 * @param account with all that has ended recorded
 */
export function creditLeft(
  definition: BudgetDefinition,
  account: BudgetAccount,
): Map<string, bigint> {
  const left = new Map<string, bigint>();
  let endless = available(account);
  for (const lot of account.lots) {
    left.set(lot.id, lot.left);
    endless -= lot.left;
  }
  for (const topUp of definition.topUps.toReversed()) {
    if (ends(topUp)) continue;
    const of = endless < topUp.amount ? endless : topUp.amount;
    left.set(topUp.id, of > 0n ? of : 0n);
    endless -= topUp.amount;
  }
  return left;
}

/** The limit in force in the current window, and what it is made of. */
import type { BudgetAccount } from '@tollgate/domain/budget/account.ts';
import { sumOf } from '@tollgate/domain/budget/credit.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { ends, raisesAt } from '@tollgate/domain/budget/limit.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import type { limitParts } from '@tollgate/schemas/http/budget-limits.ts';
import type { z } from 'zod';

/** @param account with all that has ended recorded */
export function partsOf(
  definition: BudgetDefinition,
  account: BudgetAccount,
  nowMs: number,
): z.input<typeof limitParts> {
  const { topUps } = definition;
  const live = account.lots.flatMap((lot) => {
    const topUp = topUps.find(({ id }) => id === lot.id);
    return topUp === undefined ? [] : [{ ...topUp, left: lot.left }];
  });
  return {
    base: formatDecimal12(definition.limit),
    topped_up: formatDecimal12(sumOf(topUps.filter((topUp) => !ends(topUp)))),
    raises: raisesAt(definition, Math.max(nowMs, account.asOfMs)).map((raise) => ({
      id: raise.id,
      amount: formatDecimal12(raise.amount),
      until: new Date(raise.untilMs).toISOString(),
    })),
    credit: live.map(({ id, amount, left, expiresAtMs }) => ({
      id,
      amount: formatDecimal12(amount),
      left: formatDecimal12(left),
      expires_at: new Date(expiresAtMs).toISOString(),
    })),
    ended_credit: {
      spent: formatDecimal12(account.credit - sumOf(live)),
      unused: formatDecimal12(account.gone),
    },
  };
}

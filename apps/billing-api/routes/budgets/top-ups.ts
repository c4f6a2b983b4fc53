/**
 * /v1/budgets/{budget_id}/top-ups: prepaid credit of a budget whose window is `total` (docs/design.md,
 * Limits that change with time).
 */
import { type BudgetAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import { creditLeft } from '@tollgate/domain/budget/credit-left.ts';
import type { BudgetDefinition, TopUp } from '@tollgate/domain/budget/definition.ts';
import { accountAt, ends } from '@tollgate/domain/budget/limit.ts';
import { windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import { idTimeMs } from '@tollgate/domain/ids/ids.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { topUpList, topUpRequest, topUpView } from '@tollgate/schemas/http/budget-limits.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import { budgetParams } from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem, type ErrorCode } from '../../http/errors.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { requireAhead, requirePositive, wrongField } from './budget-request.ts';
import { changeLive } from './change-live.ts';
import { changeOpenWindow, loadWindow } from './open-window.ts';

export const topUpBudget = defineRoute({
  operationId: 'topUpBudget',
  method: 'POST',
  path: '/v1/budgets/{budget_id}/top-ups',
  tag: 'Budgets',
  summary: 'Add prepaid credit to a budget whose window is `total`',
  description:
    'Calls can spend it at once. What ends first is spent first. At `expires_at`, what is neither ' +
    'spent nor held by a running call is gone; what was spent of it stays spent.',
  params: budgetParams,
  body: topUpRequest,
  status: 201,
  response: topUpView,
  errors: [
    'budget_not_found',
    'budget_archived',
    'budget_not_prepaid',
    'top_ups_full',
    'concurrent_change',
  ],
  async handler({ params: { budget_id }, body, newId, commandId, timeMs }, context) {
    const known = context.directory.budgets.get(budget_id)?.state;
    const amount = requirePositive(body.amount, known?.unit ?? 'usd');
    const expires_at = body.expires_at ?? null;
    if (expires_at !== null) {
      requireAhead('expires_at', expires_at, timeMs);
      // At its end nobody could say how much of it is left.
      if (known?.enforcement === 'soft') wrongField('expires_at', 'a soft budget settles nothing');
    }
    const top_up_id = newId('top');
    const data = { budget_id, top_up_id, amount, expires_at };
    const event = { type: 'BudgetToppedUp', data } as const;
    const { state } = await changeLive(context, commandId, event, (before) =>
      refusal(before, expires_at, context),
    );
    await changeOpenWindow(context, state);
    const topUp = state.topUps.find(({ id }) => id === top_up_id) as TopUp;
    return viewOf(state, await accountOf(state, context), context.clock())(topUp);
  },
});

function refusal(
  state: BudgetDefinition,
  expiresAt: string | null,
  { limits, clock }: ApiContext,
): ErrorCode | null {
  if (state.window !== 'total') return 'budget_not_prepaid';
  if (expiresAt === null) return null;
  const nowMs = clock();
  const ahead = state.topUps.filter((topUp) => ends(topUp) && nowMs < topUp.expiresAtMs);
  return ahead.length >= limits.topUpsAheadMax ? 'top_ups_full' : null;
}

export const listTopUps = defineRoute({
  operationId: 'listTopUps',
  method: 'GET',
  path: '/v1/budgets/{budget_id}/top-ups',
  tag: 'Budgets',
  summary: 'List the top-ups of a budget, newest first, with what is left of each',
  params: budgetParams,
  query: topUpList,
  status: 200,
  response: listOf(topUpView),
  errors: ['budget_not_found', 'cursor_unknown'],
  async handler({ params, query }, context) {
    const found = context.directory.budgets.get(params.budget_id);
    if (found === undefined) throw new ApiProblem('budget_not_found');
    const { state } = found;
    const account = await accountOf(state, context);
    return pageOf(state.topUps, query, ({ id }) => id, viewOf(state, account, context.clock()));
  },
});

/** With all that has ended. A budget that is not prepaid has no top-ups to say anything of. */
async function accountOf(state: BudgetDefinition, context: ApiContext): Promise<BudgetAccount> {
  if (state.topUps.length === 0) return noAccount;
  const nowMs = context.clock();
  const bounds = windowBounds(state, nowMs);
  const window = await loadWindow(context, windowStream(state.budget_id, bounds.startMs)).catch(
    (cause: unknown) => {
      throw new ApiProblem('ledger_unavailable', { cause });
    },
  );
  return accountAt(window.state, state, bounds, nowMs);
}

function viewOf(state: BudgetDefinition, account: BudgetAccount, nowMs: number) {
  const left = creditLeft(state, account);
  return (topUp: TopUp): z.input<typeof topUpView> => {
    const hasEnded = ends(topUp) && !(nowMs < topUp.expiresAtMs && left.has(topUp.id));
    return {
      object: 'top_up',
      id: topUp.id,
      budget_id: state.budget_id,
      amount: formatDecimal12(topUp.amount),
      expires_at: ends(topUp) ? new Date(topUp.expiresAtMs).toISOString() : null,
      status: hasEnded ? 'expired' : 'active',
      left: formatDecimal12(left.get(topUp.id) ?? 0n),
      created_at: new Date(idTimeMs(topUp.id)).toISOString(),
    };
  };
}

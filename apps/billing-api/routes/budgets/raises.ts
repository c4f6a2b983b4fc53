/**
 * /v1/budgets/{budget_id}/raises: more of a budget until an instant, in every window until then
 * (docs/design.md, Limits that change with time).
 */
import type { BudgetDefinition, Raise } from '@tollgate/domain/budget/definition.ts';
import { raisesAt } from '@tollgate/domain/budget/limit.ts';
import { idTimeMs } from '@tollgate/domain/ids/ids.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { raiseParams, raiseRequest, raiseView } from '@tollgate/schemas/http/budget-limits.ts';
import { budgetParams } from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import type { ErrorCode } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { requireAhead, requirePositive } from './budget-request.ts';
import { changeLive } from './change-live.ts';
import { changeOpenWindow } from './open-window.ts';

export const raiseBudget = defineRoute({
  operationId: 'raiseBudget',
  method: 'POST',
  path: '/v1/budgets/{budget_id}/raises',
  tag: 'Budgets',
  summary: 'Raise the limit of a budget until an instant',
  description:
    'It is added to the limit of every window until then, the open one included; several add up. ' +
    'Afterwards a window that spent more than its limit stops the next call, never a running one.',
  params: budgetParams,
  body: raiseRequest,
  status: 201,
  response: raiseView,
  errors: ['budget_not_found', 'budget_archived', 'raises_full', 'concurrent_change'],
  async handler({ params: { budget_id }, body, newId, commandId, timeMs }, context) {
    const unit = context.directory.budgets.get(budget_id)?.state.unit ?? 'usd';
    const amount = requirePositive(body.amount, unit);
    requireAhead('until', body.until, timeMs);
    const raise_id = newId('rse');
    const data = { budget_id, raise_id, amount, until: body.until };
    const nowMs = context.clock();
    const event = { type: 'BudgetRaised', data } as const;
    const { state } = await changeLive(context, commandId, event, (before) =>
      raisesAt(before, nowMs).length >= context.limits.raisesAheadMax ? 'raises_full' : null,
    );
    await changeOpenWindow(context, state);
    return view(state, raise_id, nowMs);
  },
});

export const endRaise = defineRoute({
  operationId: 'endRaise',
  method: 'POST',
  path: '/v1/budgets/{budget_id}/raises/{raise_id}/end',
  tag: 'Budgets',
  summary: 'End a raise before its time; it binds the next grants at once',
  params: raiseParams,
  status: 200,
  response: raiseView,
  errors: [
    'budget_not_found',
    'budget_archived',
    'raise_not_found',
    'raise_over',
    'concurrent_change',
  ],
  async handler({ params, commandId }, context) {
    const nowMs = context.clock();
    const event = { type: 'BudgetRaiseEnded', data: params } as const;
    const { state } = await changeLive(context, commandId, event, (before) =>
      refusal(before, params.raise_id, nowMs),
    );
    await changeOpenWindow(context, state);
    return view(state, params.raise_id, nowMs);
  },
});

function refusal(state: BudgetDefinition, raiseId: string, nowMs: number): ErrorCode | null {
  if (state.raises.every(({ id }) => id !== raiseId)) return 'raise_not_found';
  return raisesAt(state, nowMs).some(({ id }) => id === raiseId) ? null : 'raise_over';
}

function view(state: BudgetDefinition, raiseId: string, nowMs: number): z.input<typeof raiseView> {
  const raise = state.raises.find(({ id }) => id === raiseId) as Raise;
  return {
    object: 'raise',
    id: raise.id,
    budget_id: state.budget_id,
    amount: formatDecimal12(raise.amount),
    until: new Date(raise.untilMs).toISOString(),
    status: raise.ended ? 'ended' : nowMs < raise.untilMs ? 'active' : 'over',
    created_at: new Date(idTimeMs(raise.id)).toISOString(),
  };
}

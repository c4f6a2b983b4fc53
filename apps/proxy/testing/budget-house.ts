/** Budgets for tests, in the ledger as the control plane would have defined them. */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import type { HoldRequest } from '../budget/budget-book.ts';
import { pathBudget } from '../budget/path-budget.ts';

/** One of a key, for its whole life, of 16,000 pico-dollars unless told otherwise. */
export async function defineBudget(
  ledger: Ledger,
  budgetId: string,
  fields: Partial<BudgetDefinition> = {},
): Promise<BudgetDefinition> {
  const definition: BudgetDefinition = {
    budget_id: budgetId,
    scope: { type: 'key', id: 'key_1' },
    unit: 'usd',
    window: 'total',
    limit: 16_000n,
    enforcement: 'hard',
    basis: 'cost',
    time_zone: 'UTC',
    anchor: null,
    model: null,
    counts: 'total',
    cache_reads: true,
    on_exceeded: 'refuse',
    clamp_min_output_tokens: 1,
    thresholds: [],
    topUps: [],
    raises: [],
    per: null,
    archived: false,
    revision: 0n,
    ...fields,
  };
  const { revision: _, archived: __, topUps: ___, raises: ____, limit, ...data } = definition;
  const defined = {
    id: `defined-${budgetId}`,
    type: 'BudgetDefined',
    data: { ...data, limit: formatDecimal12(limit) },
  };
  await ledger.append(`budget_definition-${budgetId}`, 'no_stream', [defined]);
  return definition;
}

/** An amount of a budget, at cost. */
export function wanted(
  definition: BudgetDefinition,
  amount: bigint,
  endUser: string | null = null,
): HoldRequest {
  return { ...pathBudget(definition, 0), amount, endUser };
}

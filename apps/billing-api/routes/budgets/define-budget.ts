/** Puts the definition of a budget into the ledger: the same append for repetitions of a request. */
import { budgetDefinitionEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { BudgetDefined } from '@tollgate/domain/budget/budget-events.ts';
import { evolveDefinition } from '@tollgate/domain/budget/definition.ts';
import type { ApiContext } from '../../context.ts';
import { carryOut } from '../../http/carry-out.ts';

export function defineBudget(context: ApiContext, data: BudgetDefined['data'], commandId: string) {
  return carryOut(context, {
    category: budgetDefinitionEvents,
    id: data.budget_id,
    commandId,
    evolve: evolveDefinition,
    decide: () => ({ type: 'BudgetDefined', data }),
  });
}

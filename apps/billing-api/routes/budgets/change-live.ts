/** A command on a budget that exists. */
import { budgetDefinitionEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { BudgetDefinitionEvent } from '@tollgate/domain/budget/budget-events.ts';
import { type BudgetDefinition, evolveDefinition } from '@tollgate/domain/budget/definition.ts';
import type { ApiContext } from '../../context.ts';
import { carryOut } from '../../http/carry-out.ts';
import type { ErrorCode } from '../../http/errors.ts';

/** @param refuses what speaks against it in the present state; null: nothing */
export function changeLive(
  context: ApiContext,
  commandId: string,
  event: Exclude<BudgetDefinitionEvent, { type: 'BudgetDefined' }>,
  refuses: (state: BudgetDefinition) => ErrorCode | null = () => null,
) {
  return carryOut(context, {
    category: budgetDefinitionEvents,
    id: event.data.budget_id,
    commandId,
    evolve: evolveDefinition,
    decide: (state) => {
      if (state === undefined) return { refused: 'budget_not_found' };
      // What is archived can be restored, and nothing else.
      if (state.archived !== (event.type === 'BudgetRestored')) {
        return { refused: state.archived ? 'budget_archived' : 'budget_not_archived' };
      }
      const refused = refuses(state);
      return refused === null ? event : { refused };
    },
  });
}

/** A budget's definition as the ledger has it now: the view may be a moment behind. */
import { budgetDefinitionEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { foldStream } from '@tollgate/adapters/ledger/read-stream.ts';
import type { BudgetDefinitionEvent } from '@tollgate/domain/budget/budget-events.ts';
import { type BudgetDefinition, evolveDefinition } from '@tollgate/domain/budget/definition.ts';

export async function readDefinition(ledger: Ledger, budgetId: string): Promise<BudgetDefinition> {
  const stream = budgetDefinitionEvents.of(budgetId);
  const { state } = await foldStream(
    ledger,
    { category: budgetDefinitionEvents, stream },
    (definition: BudgetDefinition | undefined, event: BudgetDefinitionEvent, revision) =>
      evolveDefinition(definition, event, revision),
    undefined,
  );
  if (state === undefined) throw new Error(`${stream} is empty`);
  return state;
}

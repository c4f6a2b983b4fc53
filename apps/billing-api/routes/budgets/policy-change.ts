/** What a change of a budget says of calls that it cannot pay for. */
import type { BudgetOnExceededChanged } from '@tollgate/domain/budget/budget-events.ts';
import { type BudgetDefinition, evolveDefinition } from '@tollgate/domain/budget/definition.ts';
import type { budgetChange } from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import { requirePolicy } from './budget-request.ts';

/**
 * @param known the budget as it is; undefined: there is none
 * @returns null: nothing
 * @throws ApiProblem invalid_request where it could not do what it says
 */
export function policyChange(
  { on_exceeded, clamp_min_output_tokens }: z.output<typeof budgetChange>,
  budget_id: string,
  known: BudgetDefinition | undefined,
): BudgetOnExceededChanged | null {
  if (on_exceeded === undefined && clamp_min_output_tokens === undefined) return null;
  const named = {
    ...(on_exceeded === undefined ? {} : { on_exceeded }),
    ...(clamp_min_output_tokens === undefined ? {} : { clamp_min_output_tokens }),
  };
  const change: BudgetOnExceededChanged = {
    type: 'BudgetOnExceededChanged',
    data: { budget_id, ...named },
  };
  if (known !== undefined) {
    const after = evolveDefinition(known, change, known.revision);
    // What is stated and would be left out again is refused.
    requirePolicy({ ...after, ...named });
  }
  return change;
}

/**
 * What a call reserves of each budget on its path: the worst case of one attempt (docs/design.md,
 * Hold).
 */
import { worstCase } from '@tollgate/domain/budget/amounts.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import type { HoldRequest } from '../budget/budget-book.ts';
import type { CallRequest } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';

/** The worst case of one attempt against every budget, or why there is none. */
export function holdRequests(
  budgets: readonly BudgetDefinition[],
  request: CallRequest,
  deployment: Deployment,
): HoldRequest[] | Refusal {
  if (budgets.length === 0) return [];
  const unbounded = whyUnbounded(request, deployment.model);
  if (unbounded !== null) {
    const message = `${unbounded}, and this key has a hard budget.`;
    return { code: 'unbounded_request', message };
  }
  const outputTokensMax = outputBound(request, deployment);
  if (outputTokensMax === null) return { code: 'output_limit_required' };
  const bound = { inputTokensMax: request.inputTokensMax, outputTokensMax, requestsMax: 1 };
  const price = deployment.price === null ? null : deployment.price.price;
  const holds: HoldRequest[] = [];
  for (const definition of budgets) {
    const amount = worstCase(definition.unit, bound, price);
    if (amount === null) return { code: 'model_unpriced', param: 'model' };
    holds.push({ definition, amount });
  }
  return holds;
}

function whyUnbounded(request: CallRequest, model: string): string | null {
  const { unboundedBy } = request;
  if (unboundedBy === null) return request.unboundedModel(model);
  return `The cost of this request has no upper bound (${unboundedBy})`;
}

function outputBound(request: CallRequest, deployment: Deployment): number | null {
  if (request.outputTokensMax !== null) return request.outputTokensMax;
  if (deployment.outputTokensMax === null) return null;
  return deployment.outputTokensMax * request.answerCount;
}

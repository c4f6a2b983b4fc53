/**
 * What a call reserves of each budget on its path: the worst case of one attempt (docs/design.md,
 * Hold).
 */
import { worstCase } from '@tollgate/domain/budget/amounts.ts';
import type { HoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import type { HoldRequest } from '../budget/budget-book.ts';
import type { PathBudget } from '../budget/path-budget.ts';
import type { CallRequest, ImposedLimit } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';

/**
 * The output limit of a call that states none. Without it, the call would reserve all that its model
 * could ever write, and a small budget could not pay for one word.
 */
export function imposedLimit(
  budgets: readonly PathBudget[],
  request: CallRequest,
  deployment: Deployment,
): ImposedLimit | null {
  return budgets.length === 0 ? null : limitForCall(request, deployment);
}

/** The same for a call that needs an output limit, whatever asks for it. */
export function limitForCall(
  request: CallRequest,
  { provider, outputTokensMax, outputTokensDefault }: Deployment,
): ImposedLimit | null {
  if (request.outputTokensMax !== null || outputTokensDefault === null) return null;
  const tokens = Math.min(outputTokensDefault, outputTokensMax ?? outputTokensDefault);
  return { tokens, field: provider.outputLimitField };
}

/** The worst case of one attempt against every budget, or why there is none. */
export function holdRequests(
  budgets: readonly PathBudget[],
  request: CallRequest,
  deployment: Deployment,
  limit: ImposedLimit | null,
): HoldRequest[] | Refusal {
  if (budgets.length === 0) return [];
  const unbounded = whyUnbounded(request, deployment.model);
  if (unbounded !== null) {
    const message = `${unbounded}, and this key has a hard budget.`;
    return { code: 'unbounded_request', message };
  }
  const outputTokensMax = outputBound(request, deployment, limit);
  if (outputTokensMax === null) return { code: 'output_limit_required' };
  const bound = { inputTokensMax: request.inputTokensMax, outputTokensMax, requestsMax: 1 };
  const price = deployment.price === null ? null : deployment.price.price;
  const holds: HoldRequest[] = [];
  for (const { definition, unit } of budgets) {
    const amount = worstCase(unit, bound, price);
    if (amount === null) return { code: 'model_unpriced', param: 'model' };
    holds.push({ definition, unit, amount });
  }
  return holds;
}

export function whyUnbounded(request: CallRequest, model: string): string | null {
  const { unboundedBy } = request;
  if (unboundedBy === null) return request.unboundedModel(model);
  return `The cost of this request has no upper bound (${unboundedBy})`;
}

export function outputBound(
  request: CallRequest,
  deployment: Deployment,
  limit: ImposedLimit | null,
): number | null {
  if (request.outputTokensMax !== null) return request.outputTokensMax;
  const perAnswer = limit === null ? deployment.outputTokensMax : limit.tokens;
  return perAnswer === null ? null : perAnswer * request.answerCount;
}

/**
 * The largest output limit, per answer, with which `left` of a budget pays for one attempt.
 *
 * @returns null if none does, however small
 */
export function fittingOutput(
  request: CallRequest,
  deployment: Deployment,
  left: bigint,
  unit: HoldUnit,
): number | null {
  const price = deployment.price === null ? null : deployment.price.price;
  const fits = (tokens: number) => {
    const outputTokensMax = tokens * request.answerCount;
    const bound = { inputTokensMax: request.inputTokensMax, outputTokensMax, requestsMax: 1 };
    const worst = worstCase(unit, bound, price);
    return worst !== null && worst <= left;
  };
  if (request.outputTokensMax === 0 || !fits(1)) return null;
  let [low, high] = [1, deployment.outputTokensMax ?? OUTPUT_TOKENS_MAX];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** More than any model writes in one answer. */
const OUTPUT_TOKENS_MAX = 2 ** 24;

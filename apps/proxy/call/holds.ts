/**
 * What a call reserves of each budget on its path: the worst case of one attempt (docs/design.md,
 * Hold).
 */
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import { worstCase, worstCaseIn } from '@tollgate/domain/budget/amounts.ts';
import type { HoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { openBound } from '@tollgate/domain/pricing/open-bounds.ts';
import type { HoldRequest } from '../budget/budget-book.ts';
import type { PathBudget } from '../budget/path-budget.ts';
import type { CallRequest, ImposedLimit } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';

/** What bounds the input of a call, and the fees that it may cause. */
export type InputBound = { tokensMax: number; feePicoUsd: bigint };

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

/**
 * The worst case of one attempt against every budget, or why there is none.
 *
 * @param inputTokensMax of the request; what was counted of it, if that is less
 */
export function holdRequests(
  budgets: readonly PathBudget[],
  request: CallRequest,
  deployment: Deployment,
  limit: ImposedLimit | null,
  inputTokensMax = request.inputTokensMax,
): HoldRequest[] | Refusal {
  if (budgets.length === 0) return [];
  const input = inputBound(request, deployment, inputTokensMax);
  if (typeof input === 'string') {
    return { code: 'unbounded_request', message: `${input}, and this key has a hard budget.` };
  }
  const outputTokensMax = outputBound(request, deployment, limit);
  if (outputTokensMax === null) return { code: 'output_limit_required' };
  const bound = costBound(input, outputTokensMax);
  const price = deployment.price === null ? null : deployment.price.price;
  const holds: HoldRequest[] = [];
  const mostOf = worstCaseIn(bound, price);
  for (const { definition, unit } of budgets) {
    // seam: nobody-is-an-end-user-too
    const amount = mostOf(unit);
    if (amount === null) return { code: 'model_unpriced', param: 'model' };
    const endUser = definition.per === null ? null : endUserDigest(request.endUser);
    holds.push({ definition, unit, amount, endUser });
  }
  return holds;
}

function costBound({ tokensMax, feePicoUsd }: InputBound, outputTokensMax: number) {
  return { inputTokensMax: tokensMax, outputTokensMax, requestsMax: 1, feePicoUsd };
}

/** What bounds the input of a call of this deployment; a text: why nothing does. */
export function inputBound(
  request: CallRequest,
  deployment: Deployment,
  inputTokensMax = request.inputTokensMax,
): InputBound | string {
  const { model, bounds } = deployment;
  const { unboundedBy } = request;
  const always = request.unboundedModel(model);
  if (unboundedBy === null && always === null) return { tokensMax: inputTokensMax, feePicoUsd: 0n };
  const parts = bounds === undefined ? null : request.openPartsAt(model);
  const open = bounds === undefined || parts === null ? null : openBound(parts, bounds);
  if (open !== null) {
    // seam: open-parts-are-held-at-their-bounds
    return { tokensMax: inputTokensMax + open.inputTokens, feePicoUsd: open.feePicoUsd };
  }
  if (unboundedBy === null) return always ?? '';
  return `The cost of this request has no upper bound (${unboundedBy})`;
}

/** A fee is on no answer's usage: what the attempt cost is then unknown, whatever it says of tokens. */
export function hasUnstatedFee(request: CallRequest, deployment: Deployment): boolean {
  if (deployment.bounds === undefined) return false;
  const bound = inputBound(request, deployment);
  return typeof bound !== 'string' && bound.feePicoUsd > 0n;
}

export function outputBound(
  request: CallRequest,
  deployment: Deployment,
  limit: ImposedLimit | null,
): number | null {
  if (limit !== null) return limit.tokens * request.answerCount;
  if (request.outputTokensMax !== null) return request.outputTokensMax;
  const perAnswer = deployment.outputTokensMax;
  return perAnswer === null ? null : perAnswer * request.answerCount;
}

/**
 * The largest output limit, per answer, with which `left` of a budget pays for one attempt.
 *
 * @param inputTokensMax as of `holdRequests`
 * @returns null if none does, however small
 */
export function fittingOutput(
  request: CallRequest,
  deployment: Deployment,
  left: bigint,
  unit: HoldUnit,
  inputTokensMax = request.inputTokensMax,
): number | null {
  const price = deployment.price === null ? null : deployment.price.price;
  const input = inputBound(request, deployment, inputTokensMax);
  if (typeof input === 'string') return null;
  const fits = (tokens: number) => {
    const worst = worstCase(unit, costBound(input, tokens * request.answerCount), price);
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

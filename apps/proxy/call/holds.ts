/**
 * What a call reserves of each budget on its path: the worst case of one attempt (docs/design.md,
 * Hold).
 */
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import { worstCaseIn } from '@tollgate/domain/budget/amounts.ts';
import type { HoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { type CompiledPrice, isPriced, pricesTokens } from '@tollgate/domain/pricing/compile.ts';
import type { CostBound, MoreUse } from '@tollgate/domain/pricing/cost.ts';
import { openBound } from '@tollgate/domain/pricing/open-bounds.ts';
import { cheaperServiceTiers } from '@tollgate/domain/pricing/price.ts';
import { priceAtTier, priceOfPicture } from '@tollgate/domain/pricing/price-list.ts';
import type { HoldRequest } from '../budget/budget-book.ts';
import type { PathBudget } from '../budget/path-budget.ts';
import type { CallRequest, ImposedLimit, Measure } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';

/** What bounds the input of a call, and the fees that it may cause. */
export type InputBound = {
  tokensMax: number;
  /** Absent: it causes none. */
  feePicoUsd?: bigint;
  more?: MoreUse | undefined;
};

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
  if (request.measure !== undefined) return null;
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
  if (outputTokensMax === null) {
    return request.measure === undefined
      ? { code: 'output_limit_required' }
      : { code: 'unbounded_request', message: noLimitOf(deployment.alias) };
  }
  const bound = costBound(input, outputTokensMax);
  const holds: HoldRequest[] = [];
  const mostOf = worstCaseOf(bound, request, deployment);
  for (const { definition, unit } of budgets) {
    // seam: nobody-is-an-end-user-too
    const amount = mostOf(unit);
    if (amount === null) return { code: 'model_unpriced', param: 'model' };
    const endUser = definition.per === null ? null : endUserDigest(request.endUser);
    holds.push({ definition, unit, amount, endUser });
  }
  return holds;
}

/** At the price of the list, and at that of the tier that is asked for, if it is more: a tier may be left. */
function worstCaseOf(
  bound: CostBound,
  request: CallRequest,
  { price }: Pick<Deployment, 'price'>,
): (unit: HoldUnit) => bigint | null {
  const { measure } = request;
  if (measure?.picture !== undefined && price !== null && isMeasured(price.price, measure)) {
    return worstCaseIn(bound, priceOfPicture(price, measure.picture));
  }
  const listed = worstCaseIn(bound, price === null ? null : price.price);
  const atTier = price?.serviceTiers?.get(request.serviceTier ?? '');
  if (atTier === undefined) return listed;
  const tier = worstCaseIn(bound, atTier);
  return (unit) => {
    const [one, other] = [listed(unit), tier(unit)];
    if (one === null || other === null) return null;
    return one > other ? one : other;
  };
}

function lacksTierPrice({ serviceTier }: CallRequest, { price }: Deployment): boolean {
  if (serviceTier === undefined || price === null) return false;
  if (cheaperServiceTiers.has(serviceTier)) return false;
  return priceAtTier(price, serviceTier) === null;
}

/** The bound of one attempt. */
export function costBound(input: InputBound, outputTokensMax: number): CostBound {
  const { tokensMax, feePicoUsd, more } = input;
  const bound = { inputTokensMax: tokensMax, outputTokensMax, requestsMax: 1, more };
  return feePicoUsd === undefined ? bound : { ...bound, feePicoUsd };
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
  const { more } = request;
  if (lacksTierPrice(request, deployment)) {
    return `The cost of this request has no upper bound (\`service_tier\`: no price for ${request.serviceTier})`;
  }
  const measured = measuredBound(request, deployment);
  if (measured !== null) return measured;
  if (unboundedBy === null && always === null) return { tokensMax: inputTokensMax, more };
  const parts = bounds === undefined ? null : request.openPartsAt(model);
  const open = bounds === undefined || parts === null ? null : openBound(parts, bounds);
  if (open !== null) {
    // seam: open-parts-are-held-at-their-bounds
    const tokensMax = inputTokensMax + open.inputTokens;
    if (open.searchesMax === undefined) return { tokensMax, more };
    return {
      ...{ tokensMax, feePicoUsd: open.feePicoUsd },
      more: { ...more, searchesMax: open.searchesMax },
    };
  }
  if (unboundedBy === null) return always ?? '';
  return `The cost of this request has no upper bound (${unboundedBy})`;
}

/** Of a model that is sold by another measure than tokens: what it reads is then no part of the price. */
function isMeasured(price: CompiledPrice, { unit }: Measure): boolean {
  return unit !== 'request' && isPriced(price, unit) && !pricesTokens(price);
}

/** @returns null: its model is sold by the token. A text: why nothing bounds it */
function measuredBound(
  { measure, more, inputTokensMax }: CallRequest,
  { price, bounds }: Deployment,
): InputBound | string | null {
  if (measure === undefined || price === null || !isMeasured(price.price, measure)) return null;
  if (measure.max !== null) return { tokensMax: inputTokensMax, more };
  const audioSecondsMax = bounds?.secondsPerAudio;
  // seam: length-of-a-recording-has-no-bound
  if (audioSecondsMax === undefined) return NO_LENGTH;
  return { tokensMax: inputTokensMax, more: { ...more, audioSecondsMax } };
}

/** Of a call that takes no output limit. */
function noLimitOf(model: string): string {
  return `The cost of this request has no upper bound (nobody says how many tokens \`${model}\` writes at most; the operator may: \`max_output_tokens\` of the model), and this key has a hard budget.`;
}

const NO_LENGTH =
  'The cost of this request has no upper bound (the length of `file`; the operator may give one: `bounds.seconds_per_audio`)';

/** A fee is on no answer's usage: what the attempt cost is then unknown, whatever it says of tokens. */
export function hasUnstatedFee(request: CallRequest, deployment: Deployment): boolean {
  if (deployment.bounds === undefined) return false;
  const bound = inputBound(request, deployment);
  return typeof bound !== 'string' && (bound.feePicoUsd ?? 0n) > 0n;
}

export function outputBound(
  request: CallRequest,
  deployment: Deployment,
  limit: ImposedLimit | null,
): number | null {
  if (limit !== null) return limit.tokens * request.answerCount;
  if (request.outputTokensMax !== null) return request.outputTokensMax;
  if (request.measure !== undefined) {
    const { price } = deployment;
    if (price !== null && isMeasured(price.price, request.measure)) return 0;
    const known = request.outputTokensAt?.(deployment.model) ?? null;
    if (known !== null) return known;
  }
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
  const input = inputBound(request, deployment, inputTokensMax);
  if (typeof input === 'string') return null;
  const fits = (tokens: number) => {
    const bound = costBound(input, tokens * request.answerCount);
    const worst = worstCaseOf(bound, request, deployment)(unit);
    return worst !== null && worst <= left;
  };
  if (request.outputTokensMax === 0 || request.measure !== undefined || !fits(1)) return null;
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

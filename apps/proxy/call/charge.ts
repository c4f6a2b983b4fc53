/**
 * What a call can cost at most, and what it did cost, in the unit of each budget on its path
 * (design §7.5, §7.8). Amounts are 1e-12 of the unit.
 */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { PICO_PER_UNIT } from '@tollgate/domain/money/money.ts';
import { isFree } from '@tollgate/domain/pricing/compile.ts';
import { worstCaseCost } from '@tollgate/domain/pricing/cost.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { HoldRequest } from '../budget/budget-book.ts';
import type { Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';
import type { CallRequest } from './request.ts';

/** OpenAI's models that search whether they are asked to or not. */
const SEARCHING = /-search-(preview|api)/i;

/** The worst case of one attempt against every budget, or why there is none. */
export function holdRequests(
  budgets: readonly BudgetDefinition[],
  request: CallRequest,
  deployment: Deployment,
): HoldRequest[] | Refusal {
  if (budgets.length === 0) return [];
  if (request.unboundedBy !== null) {
    const message = `The cost of this request has no upper bound (${request.unboundedBy}), and this key has a hard budget.`;
    return { code: 'unbounded_request', message };
  }
  if (SEARCHING.test(deployment.model)) {
    const message = `Every call of \`${deployment.model}\` searches the web, whose fee no price list here has, and this key has a hard budget.`;
    return { code: 'unbounded_request', message };
  }
  const outputTokensMax = outputBound(request, deployment);
  if (outputTokensMax === null) return { code: 'output_limit_required' };
  const bound = { inputTokensMax: request.inputTokensMax, outputTokensMax, requestsMax: 1 };
  const holds: HoldRequest[] = [];
  for (const definition of budgets) {
    switch (definition.unit) {
      case 'usd': {
        if (deployment.price === null) return { code: 'model_unpriced', param: 'model' };
        const { price } = deployment.price;
        const worst = worstCaseCost(price, bound);
        // A charge beyond the bound falls on a lease: something must be held of one.
        const amount = worst === 0n && !isFree(price) ? 1n : worst;
        holds.push({ definition, amount });
        break;
      }
      case 'tokens': {
        const tokens = BigInt(bound.inputTokensMax) + BigInt(outputTokensMax);
        holds.push({ definition, amount: tokens * PICO_PER_UNIT });
        break;
      }
      case 'requests':
        holds.push({ definition, amount: PICO_PER_UNIT });
        break;
      default:
        definition.unit satisfies never;
    }
  }
  return holds;
}

function outputBound(request: CallRequest, deployment: Deployment): number | null {
  if (request.outputTokensMax !== null) return request.outputTokensMax;
  if (deployment.outputTokensMax === null) return null;
  return deployment.outputTokensMax * request.choices;
}

/** What a budget is charged for an attempt whose usage the provider stated. */
export function chargeOf(
  definition: BudgetDefinition,
  quantities: KnownQuantities,
  cost: bigint,
): bigint {
  switch (definition.unit) {
    case 'usd':
      return cost;
    case 'tokens':
      return BigInt(totalTokens(quantities)) * PICO_PER_UNIT;
    case 'requests':
      return BigInt(quantities.requests) * PICO_PER_UNIT;
    default:
      return definition.unit satisfies never;
  }
}

function totalTokens(q: KnownQuantities): number {
  const input = q.inputTokens + q.cacheReadTokens + q.cacheWriteTokens + q.audioInputTokens;
  return input + q.outputTokens + q.reasoningTokens + q.audioOutputTokens;
}

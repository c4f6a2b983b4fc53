/**
 * Where the simulation meets the product's shapes: the one file that changes when a port or a type
 * does. What a call needs of a dialect, a route and a key is made here, no more than is looked at.
 */
import { budgetDefinitionEvents } from '@tollgate/adapters/ledger/categories.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { Upstream } from '@tollgate/adapters/provider/upstream.ts';
import type { BudgetDefined } from '@tollgate/domain/budget/budget-events.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import type { BillLine } from '@tollgate/domain/reconciliation/reconciliation-events.ts';
import { noQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { HoldRequest } from '@tollgate/proxy/budget/budget-book.ts';
import { pathBudget } from '@tollgate/proxy/budget/path-budget.ts';
import { holdRequests } from '@tollgate/proxy/call/holds.ts';
import type { Answer, AnswerHeaders, CallRequest } from '@tollgate/proxy/dialects/dialect.ts';
import type { KeyView } from '@tollgate/proxy/ledger-view/ledger-view.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import type { Deployment } from '@tollgate/proxy/routing/deployments.ts';
import { costOf, MARKUP_PPM, type PlannedBudget, PRICE } from './plan.ts';
import { type Bound, SHOWN_HEADER, USAGE_HEADER, type Usage } from './sim-provider.ts';

export type { BudgetDefinition };

/** Shorter where only patience would be tested, and where a timer would tick for nothing. */
export const simLimits = {
  ...proxyLimits,
  /** The longest call, ms. */
  attemptTimeoutMs: 15_000,
  upstreamHeadersTimeoutMs: 14_000,
  /** Some clients leave earlier than so long before the end of their calls. */
  drainMsMax: 5_000,
  shipIdleMs: 4_000,
  /** Slices of end users go back before a history ends. */
  endUserIdleMsMax: 20_000,
  shipRetryMs: { first: 50, max: 2_000 },
};

/** As the control plane defines it. */
export function definedEvent(budget: PlannedBudget) {
  const { id, unit, counts, isBilled, window, zone, limit, isPerEndUser } = budget;
  const data: BudgetDefined['data'] = {
    budget_id: id,
    scope: { type: 'key', id: 'key_1' },
    unit,
    window,
    limit: formatDecimal12(limit),
    enforcement: 'hard',
    basis: isBilled ? 'billed' : 'cost',
    time_zone: zone.name,
    ...(unit === 'tokens' ? { counts } : {}),
    ...(isPerEndUser ? { per: 'end_user' } : {}),
  };
  return newLedgerEvent(budgetDefinitionEvents.of(id), { type: 'BudgetDefined', data }, id);
}

const PRICED = {
  price: compilePrice({
    input: [{ from_input_tokens: 0, pico_usd_per_million: String(PRICE.input) }],
    output: [{ from_input_tokens: 0, pico_usd_per_million: String(PRICE.output) }],
  }),
  version: 'v1',
  source: 'config',
} as Deployment['price'];

export function deploymentTo(post: Upstream['post']): Deployment {
  const provider = {
    ...{ name: 'p', priceProvider: 'p', outputLimitField: 'max_tokens', asksForUsage: true },
    upstream: { post, close: async () => undefined },
    notBilledStatuses: new Set([429, 500]),
  };
  const limits = { outputTokensMax: null, outputTokensDefault: null, hidesOutput: false };
  return { provider, model: 'm', price: PRICED, ...limits } as unknown as Deployment;
}

/** What a call holds of the budgets on its path. @throws Error if it has no bound */
export function heldBy(
  definitions: readonly BudgetDefinition[],
  request: CallRequest,
  deployment: Deployment,
): HoldRequest[] {
  const onPath = definitions.map((definition) => pathBudget(definition, MARKUP_PPM));
  const wanted = holdRequests(onPath, request, deployment, null);
  if ('code' in wanted) throw new Error(wanted.code);
  return wanted;
}

export const KEY = {
  ...{ customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live', tags: {} },
  ...{ onDisconnect: 'drain', expiresAtMs: Infinity, partition: 1 },
} as unknown as KeyView;

const NOTHING = Buffer.alloc(0);

export function requestOf(bound: Bound, endUser: string | null): CallRequest {
  const request: CallRequest = {
    dialect: 'openai',
    ...{ endpoint: 'chat.completions', model: 'm', stream: false, endUser },
    ...{ inputTokensMax: bound.inputTokens, outputTokensMax: bound.outputTokens },
    ...{
      answerCount: 1,
      unboundedBy: null,
      openParts: null,
      needs: [],
      otherModels: null,
      body: NOTHING,
    },
    unboundedModel: () => null,
    openPartsAt: () => null,
    upstream: () => ({ path: '/', headers: {}, body: NOTHING }),
    streams: () => false,
    answer: answerOf,
    cacheText: () => null,
    question: () => null,
    record: () => undefined,
    replay: (body) => ({ contentType: '', body }),
    judge: () => undefined,
    wanted: () => ({ json: null, tools: null }),
    prompt: () => ({ text: '', turns: 1, tools: 0 }),
    input: () => null,
  };
  return request;
}

/** Its usage is in a header. Without it nobody can say what was used, or what it shows is the most. */
function answerOf(headers: AnswerHeaders): Answer {
  const said = headers[USAGE_HEADER];
  const shown = headers[SHOWN_HEADER];
  const quantities = () => {
    if (typeof said !== 'string') return null;
    const [inputTokens = 0, outputTokens = 0] = said.split(',').map(Number);
    return { ...noQuantities(), inputTokens, outputTokens, requests: 1 };
  };
  return {
    ...{ progress: 'open', hasToken: false, push: () => [], end: () => [], isWhole: () => false },
    ...{ tokensSeen: 0, readOn: () => false },
    ...{ quantities, isUsageFinal: () => false, usageNote: () => null, fault: () => null },
    ...{ model: () => 'm', id: () => null, outputText: () => null, whole: () => null },
    refusedFor: () => null,
    said: () => null,
    outputTokensMax: () => (typeof shown === 'string' ? Number(shown) : null),
  };
}

/** What the provider's bill says of an attempt. */
export function billLine(attemptId: string, usage: Usage): BillLine {
  const { inputTokens, outputTokens, requests, ...others } = noQuantities();
  return {
    ...Object.fromEntries(Object.keys(others).map((name) => [snakeCase(name), 0])),
    attempt_id: attemptId,
    input_tokens: inputTokens + usage.inputTokens,
    output_tokens: outputTokens + usage.outputTokens,
    requests: requests + 1,
    cost: formatDecimal12(costOf(usage, false)),
  } as BillLine;
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Where a routed call may go, in which order, and why not elsewhere (docs/design.md, Route). Of a call
 * without a route it costs one look into a map.
 */
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import { isBoundPriced, worstCaseCost } from '@tollgate/domain/pricing/cost.ts';
import { type Lack, lacks, type Needs } from '@tollgate/domain/routing/able.ts';
import {
  type Complexity,
  complexityOf,
  DEFAULT_COMPLEXITY_THRESHOLD,
} from '@tollgate/domain/routing/complexity/complexity.ts';
import { order } from '@tollgate/domain/routing/order.ts';
import type { RouteCandidate, Strategy } from '@tollgate/domain/routing/route.ts';
import type { Asked, Terms } from '@tollgate/domain/routing/rules.ts';
import type { BudgetBook } from '../budget/budget-book.ts';
import { costBound, inputBound } from '../call/holds.ts';
import { modelRefusal } from '../call/model-access.ts';
import type { CallRequest } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView, LedgerView } from '../ledger-view/ledger-view.ts';
import type { Deployment, Deployments } from './deployments.ts';
import type { DeploymentHealth, RouteHealth } from './route-health.ts';
import { compileMaxPrice, type Route, type Routes } from './routes.ts';

export type RouterDeps = {
  routes: Routes;
  deployments: Deployments;
  directory: Pick<LedgerView, 'budgetsOf' | 'modelAccessOf'>;
  budgets: Pick<BudgetBook, 'usedPercent'>;
  health: RouteHealth;
  random?: () => number;
  /** Default: performance.now(). */
  now?: () => number;
};

export type RoutedCall = {
  request: CallRequest;
  key: KeyView;
  /** Of the client's request, by name in lower case. */
  header(name: string): string | undefined;
  nowMs: number;
};

/** A candidate, and what keeps it from being tried. */
export type Considered = {
  candidate: RouteCandidate;
  /** Null: there is none. */
  deployment: Deployment | null;
  /** Why a call of its model alone would be refused. */
  refusal: Refusal | null;
  lacks: readonly Lack[];
  /** What the request costs at most there, pico-dollars; null: nobody knows. */
  worstCase: bigint | null;
  /** performance.now() until which it is left alone; 0: it is not. */
  openUntilMs: number;
};

type Able = Considered & {
  deployment: Deployment;
  health: DeploymentHealth;
  weight: number;
  load: number;
  name: string;
};

export type Plan = {
  route: Route;
  terms: Terms;
  /** All of the rule's, as listed. */
  considered: readonly Considered[];
  /** To be tried in this order. */
  stops: readonly Able[];
  /** Null: nothing asks for it. */
  complexity: (Complexity & { threshold: number; isHard: boolean }) | null;
  /** Of a route that chooses in another way: what complexity would try first; null: it is not asked. */
  shadow: Deployment | null;
};

/** What a call's records say of how it was routed. */
export type RoutedBy = { route: string; complexity: number | null; shadow: Deployment | null };

/** Output that prices are compared at where a request sets no limit and none is imposed, tokens. */
const COMPARED_OUTPUT_TOKENS = 4_096;

export class Router {
  readonly #deps: RouterDeps;
  readonly #random: () => number;
  readonly #now: () => number;

  constructor(deps: RouterDeps) {
    this.#deps = deps;
    this.#random = deps.random ?? Math.random;
    this.#now = deps.now ?? (() => performance.now());
  }

  find(model: string, nowMs: number): Route | undefined {
    return this.#deps.routes.find(model, nowMs);
  }

  names(nowMs: number): string[] {
    return this.#deps.routes.names(nowMs);
  }

  /** @returns a plan with a stop at least, or what the client is told */
  plan(route: Route, call: RoutedCall): Plan | Refusal {
    const plan = this.#plan(route, call, false);
    return plan.stops.length > 0 ? plan : refusalOf(plan);
  }

  /** The same, with all that may be told of each candidate. */
  consider(route: Route, call: RoutedCall): Plan {
    return this.#plan(route, call, true);
  }

  /** @param isTold what each costs at most is asked for, whether or not the strategy compares it */
  #plan(route: Route, call: RoutedCall, isTold: boolean): Plan {
    const nowMs = this.#now();
    const terms = route.rules.of(this.#asked(call));
    const listed = candidatesOf(route.terms.candidates, terms.candidates);
    // Of the request alone: the same for every candidate.
    const needs = needsOf(call.request, terms);
    const considered = listed.map((candidate) => this.#consider(route, needs, candidate, call));
    const sure = considered.filter((one) => isAble(one) && one.lacks.length === 0);
    // Where none surely has room for the request, those that may have room are better than no answer.
    const able = (sure.length > 0 ? sure : byRoom(considered.filter(isAble))) as Able[];
    const closed = able.filter(({ openUntilMs }) => openUntilMs <= nowMs);
    // seam: open-deployments-are-left-alone
    const tried = closed.length > 0 ? closed : soonest(able);
    const { endUser } = call.request;
    const sticky = endUser === null ? null : `${route.name}\n${endUser}`;
    const strategy = sure.length > 0 ? terms.strategy : 'fixed';
    const complexity = judged(route, strategy, call.request);
    const isHard = complexity?.isHard === true;
    // seam: prices-are-known-where-they-are-compared
    if (isTold || complexity !== null || BY_PRICE.has(strategy)) priceAll(considered, call.request);
    if (strategy === 'fastest') for (const one of tried) one.load = one.health.latency.load(nowMs);
    const stops = order(strategy, tried, { random: this.#random, sticky }, isHard);
    return { route, terms, considered, stops, complexity, shadow: shadowOf(route, tried, isHard) };
  }

  #consider(route: Route, needs: Needs, candidate: RouteCandidate, call: RoutedCall): Considered {
    const { request, key, nowMs } = call;
    const { deployments, directory, health } = this.#deps;
    const { model, provider } = candidate;
    const found = deployments.candidate(model, provider, nowMs, request.dialect, request.endpoint);
    const nothing = { candidate, deployment: null, lacks: [], worstCase: null, openUntilMs: 0 };
    if ('code' in found) return { ...nothing, refusal: found };
    const access = directory.modelAccessOf(key);
    const isFallback = candidate !== route.terms.candidates[0];
    const denied = access?.refusal(request.model, found.model, isFallback, model) ?? null;
    const refusal = denied === null ? null : modelRefusal(denied, request.model, found.model);
    const known = health.of(found);
    const able: Able = {
      candidate,
      deployment: found,
      refusal,
      lacks: lacks(needs, factsOf(route, candidate, found)),
      worstCase: null,
      openUntilMs: known.breaker.isOpen(this.#now()) ? known.breaker.openUntilMs : 0,
      health: known,
      weight: candidate.weight,
      load: 0,
      name: `${found.provider.name}/${found.model}`,
    };
    return able;
  }

  #asked({ request, key, header, nowMs }: RoutedCall): Asked {
    const { directory, budgets } = this.#deps;
    const { model, inputTokensMax, needs, endUser } = request;
    return {
      ...{ model, inputTokensMax, capabilities: needs, tags: key.tags, header, nowMs },
      budgetUsedPercent: () =>
        budgets.usedPercent(directory.budgetsOf(key), endUserDigest(endUser), nowMs),
    };
  }
}

/** Of a route that never asks, no byte of the request is read for it. */
function judged({ terms }: Route, strategy: Strategy, request: CallRequest): Plan['complexity'] {
  const { complexity } = terms;
  if (strategy !== 'complexity' && complexity?.shadow !== true) return null;
  const threshold = complexity?.threshold ?? DEFAULT_COMPLEXITY_THRESHOLD;
  const found = complexityOf(request.prompt());
  return { ...found, threshold, isHard: found.score >= threshold };
}

function shadowOf({ terms }: Route, tried: readonly Able[], isHard: boolean): Deployment | null {
  if (terms.complexity?.shadow !== true) return null;
  const [first] = order('complexity', tried, NO_DRAW, isHard);
  return first?.deployment ?? null;
}

const NO_DRAW = { random: () => 0, sticky: null };

function candidatesOf(
  all: readonly RouteCandidate[],
  named: readonly string[] | null,
): readonly RouteCandidate[] {
  if (named === null) return all;
  return [...new Set(named)].flatMap((name) => all.filter(({ model }) => model === name));
}

function isAble({ deployment, refusal, lacks: lacking }: Considered): boolean {
  return deployment !== null && refusal === null && lacking.every(({ isSure }) => !isSure);
}

/** The largest first: of those that may have room it is the likeliest to have it. */
function byRoom(considered: readonly Considered[]): Considered[] {
  const roomOf = ({ lacks: lacking }: Considered) =>
    Number(lacking.find(({ what }) => what === 'context_window')?.known ?? 0);
  return considered.toSorted((a, b) => roomOf(b) - roomOf(a));
}

/** One call tries one of them: to refuse all would make a bad minute of theirs one of ours. */
function soonest(able: readonly Able[]): readonly Able[] {
  return able.toSorted((a, b) => a.openUntilMs - b.openUntilMs).slice(0, 1);
}

function needsOf(
  { inputTokensMax, outputTokensMax, answerCount, needs }: CallRequest,
  terms: Terms,
): Needs {
  const { regions, maxPrice } = terms;
  const outputTokens = outputTokensMax === null ? null : Math.ceil(outputTokensMax / answerCount);
  const capabilities = needs;
  return {
    inputTokensMax,
    outputTokens,
    capabilities,
    regions,
    maxPrice: compileMaxPrice(maxPrice),
  };
}

function factsOf({ terms }: Route, candidate: RouteCandidate, deployment: Deployment) {
  const { provider, price, configured } = deployment;
  const { context_window, max_output_tokens, supports, region } = candidate;
  const contextWindow = context_window ?? configured?.contextWindow ?? price?.contextWindow ?? null;
  const maxOutputTokens =
    max_output_tokens ?? configured?.maxOutputTokens ?? price?.maxOutputTokens ?? contextWindow;
  return {
    contextWindow,
    maxOutputTokens,
    supports: supports ?? configured?.supports ?? terms.supports,
    region: region ?? configured?.region ?? provider.region ?? null,
    price: price?.price ?? null,
  };
}

/** Of calls of other strategies no price is worked out. */
const BY_PRICE: ReadonlySet<Strategy> = new Set<Strategy>(['cheapest', 'cascade', 'complexity']);

function priceAll(considered: readonly Considered[], request: CallRequest): void {
  for (const one of considered) {
    if (one.deployment !== null) one.worstCase = worstCaseOf(request, one.deployment);
  }
}

/** At the same output for all, as far as each can write that much. */
function worstCaseOf(request: CallRequest, deployment: Deployment): bigint | null {
  const input = inputBound(request, deployment);
  if (deployment.price === null || typeof input === 'string') return null;
  const { price } = deployment.price;
  const { outputTokensDefault, outputTokensMax } = deployment;
  const each = outputTokensDefault ?? COMPARED_OUTPUT_TOKENS;
  const outputs =
    request.outputTokensMax ?? Math.min(each, outputTokensMax ?? each) * request.answerCount;
  const bound = costBound(input, outputs);
  return isBoundPriced(price, bound) ? worstCaseCost(price, bound) : null;
}

/** What a client is told whose request no candidate can serve. */
export function refusalOf({ route, considered }: Plan): Refusal {
  const refused = considered.find(({ refusal }) => refusal !== null)?.refusal;
  const lacking = considered.filter((one) => one.lacks.length > 0);
  if (lacking.length === 0 && refused !== undefined && refused !== null) return refused;
  const each = lacking.map(({ candidate, lacks: its }) => {
    const what = its.map(({ what: name, needed, known }) =>
      needed === 'true' ? name : `${name} of ${needed} (${known ?? 'unknown'})`,
    );
    return `\`${candidate.model}\` lacks ${what.join(', ')}`;
  });
  const message = `No model of \`${route.name}\` can serve this request: ${each.join('; ')}.`;
  return { code: 'no_able_model', param: 'model', message };
}

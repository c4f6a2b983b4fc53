/**
 * "Cheapest that can do the job", over the whole catalogue: the candidate that is tried first can do it, as
 * far as anybody knows, and none that can costs less. What it can do is worked out here once more.
 */
import { readCatalogue } from '@tollgate/adapters/catalogue/genai-prices.ts';
import { isPriced } from '@tollgate/domain/pricing/compile.ts';
import { worstCaseCost } from '@tollgate/domain/pricing/cost.ts';
import {
  emptyPriceList,
  evolvePrices,
  findPrice,
  listModels,
} from '@tollgate/domain/pricing/price-list.ts';
import type { Capability, RouteTerms } from '@tollgate/domain/routing/route.ts';
import { capabilities, routeTerms } from '@tollgate/schemas/routes/route-terms.ts';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { CallRequest } from '../dialects/dialect.ts';
import type { LedgerView } from '../ledger-view/ledger-view.ts';
import { proxyLimits } from '../limits.ts';
import { Deployments, type Provider } from './deployments.ts';
import { RouteHealth } from './route-health.ts';
import { type Plan, Router, type RouterDeps } from './router.ts';
import { openRoute, Routes } from './routes.ts';

const NOW = Date.UTC(2026, 5, 1);
let prices = emptyPriceList();
let listed: { provider: string; model: string }[] = [];

beforeAll(async () => {
  for (const data of await readCatalogue()) prices = evolvePrices(prices, { data });
  const providers = new Set([...prices.lists.keys()].map((key) => key.split('\n')[0] as string));
  listed = [...providers].flatMap((provider) =>
    listModels(prices, provider, NOW).map(({ model }) => ({ provider, model })),
  );
});

function routerOf(): Router {
  const directory = {
    price: (provider: string, model: string, atMs: number) =>
      findPrice(prices, provider, model, atMs),
    budgetsOf: () => [],
    modelAccessOf: () => null,
  } as unknown as LedgerView;
  const names = [...new Set(listed.map(({ provider }) => provider))];
  const providers = names.map((name) => ({ name, priceProvider: name }) as Provider);
  const deployments = new Deployments(providers, new Map(), directory, 4_096);
  const health = new RouteHealth(proxyLimits);
  const deps = { routes: new Routes(new Map()), deployments, directory, health };
  return new Router({ ...deps, budgets: { usedPercent: () => 0 } } as unknown as RouterDeps);
}

const someCapabilities = fc.subarray([...capabilities]);
const known = fc.option(someCapabilities, { nil: null });
const request = fc.record({
  inputTokensMax: fc.integer({ min: 1, max: 2_000_000 }),
  outputTokensMax: fc.option(fc.integer({ min: 1, max: 300_000 }), { nil: null }),
  needs: someCapabilities,
  answerCount: fc.constant(1),
});
const candidates = fc.uniqueArray(
  fc.record({ at: fc.nat(), supports: known, region: fc.constantFrom(null, 'eu', 'us') }),
  { minLength: 1, maxLength: 16, selector: ({ at }) => at },
);
const regions = fc.constantFrom<(string[] | null)[]>(null, ['eu'], ['eu', 'us']);
/** What strategies that choose by price are asked by, and which price they want. */
const choosing = fc.constantFrom(
  ...([
    ['cascade', '', 'least'],
    ['complexity', 'hi', 'least'],
    ['complexity', 'Prove that it must never be both. Justify each step.', 'most'],
  ] as const),
);

it('cheapest able: never one that cannot, and none that can is cheaper', () => {
  expectAble(fc.constant(['cheapest', '', 'least'] as const), 2_000);
});

it('by complexity or as a cascade: never one that cannot, and none that can is cheaper, or costs more if it is hard', () => {
  expectAble(choosing, 400);
});

it.each([
  ['fixed: works out no price, unless it is asked for', 'fixed', false],
  ['fastest: works out no price, unless it is asked for', 'fastest', false],
  ['weighted: works out no price, unless it is asked for', 'weighted', false],
  ['cheapest: works out the price of each', 'cheapest', true],
] as const)('%s', (_, strategy, isPriced) => {
  const router = routerOf();
  const asked = { inputTokensMax: 1, outputTokensMax: 1, needs: [], answerCount: 1 };
  const able = listed.filter((one) => {
    const cost = costIfAble({ ...one, supports: null, region: null }, asked, null);
    return typeof cost === 'bigint';
  });
  const given = able.slice(0, 2);
  const route = openRoute('r', null, routeTerms.parse({ strategy, candidates: given }));
  const call = callOf(asked, '');
  const [plan, told] = [router.plan(route, call) as Plan, router.consider(route, call)];
  const known = ({ considered }: Plan) => considered.map(({ worstCase }) => worstCase !== null);
  expect([known(plan), known(told)]).toEqual([
    [isPriced, isPriced],
    [true, true],
  ]);
});

type Choosing = readonly [RouteTerms['strategy'], string, 'least' | 'most'];

function expectAble(choices: fc.Arbitrary<Choosing>, numRuns: number): void {
  const router = routerOf();
  let [served, refused] = [0, 0];
  fc.assert(
    fc.property(request, candidates, regions, choices, (asked, drawn, where, choice) => {
      const [strategy, text, price] = choice;
      const given = new Map(
        drawn.map(({ at, supports, region }) => {
          const entry = listed[at % listed.length] as (typeof listed)[number];
          return [`${entry.provider}/${entry.model}`, { ...entry, supports, region }];
        }),
      );
      fc.pre(strategy !== 'cascade' || given.size > 1);
      const terms = routeTerms.parse({
        ...{ strategy, candidates: [...given.values()], regions: where },
      });
      const call = callOf(asked, text);
      const costOf = new Map(
        [...given].map(([name, entry]) => [name, costIfAble(entry, asked, where)]),
      );
      const costs = [...costOf.values()].filter((cost) => cost !== 'unable');
      const plan = router.plan(openRoute('r', null, terms), call);
      if ('code' in plan) {
        refused++;
        expect(costs).toEqual([]);
        return;
      }
      const [first] = plan.stops;
      if (costs.length === 0) {
        // Nobody surely has room: what is tried may have, and has all else.
        const lacking = first?.lacks.map(({ what, isSure }) => [what, isSure]);
        expect(lacking).toEqual([['context_window', false]]);
        return;
      }
      served++;
      // What nobody knows the price of is tried only if there is nothing else.
      const stated = costs.filter((cost) => cost !== null).toSorted((a, b) => (a < b ? -1 : 1));
      const best = (price === 'least' ? stated[0] : stated.at(-1)) ?? null;
      const named = plan.stops.map(({ name }) => costOf.get(name));
      expect([first?.worstCase, named[0], named.includes('unable')]).toEqual([best, best, false]);
    }),
    { numRuns, seed: 15 },
  );
  expect([served > numRuns / 10, refused > numRuns / 10]).toEqual([true, true]);
}

function callOf(asked: object, text: string): Parameters<Router['plan']>[1] {
  return {
    ...{ key: { tags: {} }, header: () => undefined, nowMs: NOW },
    request: {
      ...{ ...asked, dialect: 'openai', model: 'r', endUser: null, unboundedBy: null },
      unboundedModel: () => null,
      prompt: () => ({ text, turns: 1, tools: 0 }),
    } as unknown as CallRequest,
  } as unknown as Parameters<Router['plan']>[1];
}

/** Null: nobody knows. */
function costIfAble(
  entry: { provider: string; model: string; supports: Capability[] | null; region: string | null },
  asked: { inputTokensMax: number; outputTokensMax: number | null; needs: Capability[] },
  where: string[] | null,
): bigint | null | 'unable' {
  const { inputTokensMax, outputTokensMax, needs } = asked;
  const found = findPrice(prices, entry.provider, entry.model, NOW);
  if (found === null || found.contextWindow === null) return 'unable';
  if (inputTokensMax + (outputTokensMax ?? 1) > found.contextWindow) return 'unable';
  if ((outputTokensMax ?? 0) > (found.maxOutputTokens ?? found.contextWindow)) return 'unable';
  for (const need of needs) if (!(entry.supports ?? []).includes(need)) return 'unable';
  if (where !== null && !where.includes(entry.region ?? 'nowhere')) return 'unable';
  const most = found.maxOutputTokens ?? found.contextWindow;
  const outputs = outputTokensMax ?? Math.min(4_096, most);
  if (!isPriced(found.price, 'output')) return null;
  return worstCaseCost(found.price, {
    ...{ inputTokensMax, outputTokensMax: outputs, requestsMax: 1 },
  });
}

/**
 * A provider that fails a share of its calls and recovers, behind a route: who is served, how soon calls
 * leave it and come back, and what that costs in attempts (docs/routing.md). The router, the itinerary and
 * the breaker are the product's; time and chance are simulated.
 */
import type { FailureClass } from '@tollgate/domain/routing/route.ts';
import { routeTerms } from '@tollgate/schemas/routes/route-terms.ts';
import type { CallRequest } from '../dialects/dialect.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { proxyLimits } from '../limits.ts';
import type { Deployment } from '../routing/deployments.ts';
import { Itinerary } from '../routing/itinerary.ts';
import { RouteHealth } from '../routing/route-health.ts';
import { Router, type RouterDeps } from '../routing/router.ts';
import { Routes } from '../routing/routes.ts';

export type FailingCase = {
  title: string;
  /** Of the calls that are sent there while it fails. */
  rate: number;
  how: FailureClass;
  /** How long an attempt takes that fails. */
  failsAfterMs: number;
  retryAfterMs?: number;
  candidates: number;
  retries: number;
  /** All candidates fail, not only the first one. */
  allFail?: boolean;
};

export type FailingRow = {
  title: string;
  /** While it fails. */
  calls: number;
  served: number;
  attempts: number;
  failed: number;
  /** Attempts that went to the first candidate. */
  atFirst: number;
  /** Ms until a call went past it for the first time, and until one was served by it again; null: never. */
  shedMs: number | null;
  backMs: number | null;
};

export const STEP_MS = 50;
/** The first provider fails from here to there. */
const [FAILS_AT_MS, HEALS_AT_MS, ENDS_AT_MS] = [10_000, 130_000, 260_000];
const ANSWER_MS = 1_000;

const twoOf = { candidates: 2, retries: 0, failsAfterMs: 100 };
const errors = { ...twoOf, how: 'server_error' } as const;
export const FAILING_CASES: readonly FailingCase[] = [
  { ...errors, title: 'errors, 0 %', rate: 0 },
  { ...errors, title: 'errors, 10 %', rate: 0.1 },
  { ...errors, title: 'errors, 50 %', rate: 0.5 },
  { ...errors, title: 'errors, 100 %', rate: 1 },
  { ...errors, title: 'silence for 10 s, 100 %', how: 'timeout', rate: 1, failsAfterMs: 10_000 },
  {
    ...errors,
    title: '429, 100 %, `retry-after: 20`',
    how: 'rate_limited',
    rate: 1,
    retryAfterMs: 20_000,
  },
  { ...errors, title: 'errors at both, 100 %', rate: 1, allFail: true },
  {
    ...errors,
    title: 'errors, 50 %, no other candidate, 2 retries',
    rate: 0.5,
    candidates: 1,
    retries: 2,
  },
];

type Event = { atMs: number; run: () => void };

/** What comes next in simulated time. */
class Agenda {
  nowMs = 0;
  readonly #events: Event[] = [];

  at(atMs: number, run: () => void): void {
    const before = this.#events.findLastIndex((event) => event.atMs <= atMs);
    this.#events.splice(before + 1, 0, { atMs, run });
  }

  runAll(): void {
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      this.nowMs = next.atMs;
      next.run();
    }
  }
}

export function simulateFailing(one: FailingCase): FailingRow {
  const agenda = new Agenda();
  const random = draws(7);
  const deployments = Array.from({ length: one.candidates }, (_, index) => {
    return { provider: { name: `p${index + 1}` }, model: 'm', price: null } as Deployment;
  });
  const router = routerOver(deployments, agenda, random);
  const route = router.find('r', 0);
  if (route === undefined) throw new Error('there is no route');
  const terms = { ...route.terms, retries: one.retries };
  const [first] = deployments;
  const row: FailingRow = {
    ...{ title: one.title, calls: 0, served: 0, attempts: 0, failed: 0, atFirst: 0 },
    ...{ shedMs: null, backMs: null },
  };
  const isIll = (atMs: number) => atMs >= FAILS_AT_MS && atMs < HEALS_AT_MS;

  const call = (arrivedAtMs: number) => {
    const { stops } = router.consider(route, { request, key, header: () => undefined, nowMs: 0 });
    const itinerary = new Itinerary(stops, terms, proxyLimits, arrivedAtMs, random);
    const counts = isIll(arrivedAtMs);
    if (counts) row.calls++;
    if (counts && itinerary.first !== first) row.shedMs ??= arrivedAtMs - FAILS_AT_MS;
    const attempt = (deployment: Deployment) => {
      const isFirst = deployment === first;
      const fails = isIll(agenda.nowMs) && (isFirst || one.allFail === true) && random() < one.rate;
      if (counts) row.attempts++;
      if (counts && fails) row.failed++;
      if (counts && isFirst) row.atFirst++;
      itinerary.sent(agenda.nowMs);
      const tookMs = fails ? one.failsAfterMs : ANSWER_MS;
      agenda.at(agenda.nowMs + tookMs, () => end(isFirst, fails, tookMs));
    };
    const end = (isFirst: boolean, failed: boolean, tookMs: number) => {
      const failure = failed ? one.how : null;
      const retryAfterMs = failed ? (one.retryAfterMs ?? null) : null;
      itinerary.ended({ failure, retryAfterMs, tookMs }, agenda.nowMs);
      if (failure === null) {
        if (counts) row.served++;
        if (isFirst && arrivedAtMs >= HEALS_AT_MS) row.backMs ??= arrivedAtMs - HEALS_AT_MS;
        return;
      }
      const next = itinerary.next(failure, agenda.nowMs);
      if (next !== null) agenda.at(agenda.nowMs + next.waitMs, () => attempt(next.deployment));
    };
    attempt(itinerary.first);
  };

  for (let atMs = 0; atMs < ENDS_AT_MS; atMs += STEP_MS) agenda.at(atMs, () => call(atMs));
  agenda.runAll();
  return row;
}

const request = {
  ...{ model: 'r', inputTokensMax: 10, outputTokensMax: 10, answerCount: 1, needs: [] },
  ...{ endUser: null, unboundedBy: null, unboundedModel: () => null },
} as unknown as CallRequest;
const key = { tags: {} } as KeyView;

function routerOver(
  deployments: readonly Deployment[],
  agenda: { readonly nowMs: number },
  random: () => number,
): Router {
  const candidates = deployments.map(({ provider, model }) => ({
    ...{ model, provider: provider.name, context_window: 1_000_000, max_output_tokens: 1_000 },
  }));
  return new Router({
    routes: new Routes(new Map([['r', routeTerms.parse({ candidates })]])),
    deployments: {
      candidate: (_model: string, name: string) =>
        deployments.find(({ provider }) => provider.name === name),
    },
    directory: { budgetsOf: () => [], modelAccessOf: () => null },
    budgets: { usedPercent: () => 0 },
    health: new RouteHealth(proxyLimits),
    random,
    now: () => agenda.nowMs,
  } as unknown as RouterDeps);
}

/** Mulberry32: the same draws on every machine. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const HEAD = [
  '| The first provider | Calls served | Attempts per call | Attempts that it got | Left alone after | Back after |',
  '|---|---|---|---|---|---|',
];

/** As in docs/routing.md. */
export function failingTable(rows: readonly FailingRow[]): string {
  const seconds = (ms: number | null) => (ms === null ? 'never' : `${(ms / 1_000).toFixed(2)} s`);
  const lines = rows.map(({ title, calls, served, attempts, atFirst, shedMs, backMs }) => {
    const share = `${((100 * served) / calls).toFixed(1)} %`;
    const cells = [
      title,
      share,
      (attempts / calls).toFixed(3),
      atFirst,
      seconds(shedMs),
      seconds(backMs),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [...HEAD, ...lines].join('\n');
}

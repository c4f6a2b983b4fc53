/** What an operator sees of routes that choose by complexity, or would. */
import { metricsText } from '@tollgate/adapters/metrics/families.ts';
import { expect, it } from 'vitest';
import type { AttemptFacts } from '../call/attempt-facts.ts';
import type { Plan } from '../routing/router.ts';
import { priced } from '../testing/call-stage.ts';
import { RouteMetrics } from './route-metrics.ts';

const deployment = (model: string, price: number) => ({
  ...{ provider: { name: 'p' }, model, price: priced(price) },
});
const [cheap, costly] = [deployment('cheap', 1), deployment('costly', 9)];
const USED = {
  ...{ input_tokens: 30, cache_read_tokens: 0, cache_write_tokens: 0, output_tokens: 12 },
  ...{ reasoning_tokens: 0, audio_input_tokens: 0, audio_output_tokens: 0, images: 0, requests: 1 },
};

function planned(metrics: RouteMetrics, route: string, shadow: object | null, isHard = false) {
  metrics.planned({
    ...{ route: { name: route }, complexity: { isHard }, shadow, stops: [{ deployment: costly }] },
  } as unknown as Plan);
}

function settled(metrics: RouteMetrics, outcome: object, cost: bigint | null) {
  const facts = { routed: { route: 'r', complexity: 0.1, shadow: cheap } };
  const all = { status: 'ok', ...USED, ...outcome };
  metrics.settled(
    facts as unknown as AttemptFacts,
    all as unknown as Parameters<RouteMetrics['settled']>[1],
    cost,
  );
}

const shown = (metrics: RouteMetrics) =>
  metricsText([{ process: 'x', families: metrics.families() }])
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace('process="x",', '').replace('tollgate_route_', ''));

it('says how often complexity would have chosen otherwise, and what the same tokens would have cost', () => {
  const metrics = new RouteMetrics(10);
  planned(metrics, 'r', cheap);
  planned(metrics, 'r', costly, true);
  settled(metrics, {}, 42n * 9_000_000n);
  // Of these nobody can say what they would have cost, or they came to nothing.
  settled(metrics, { output_tokens: null }, null);
  settled(metrics, { status: 'upstream_error' }, 1n);
  expect(shown(metrics)).toEqual([
    'complexity_total{route="r",complexity="easy"} 1',
    'complexity_total{route="r",complexity="hard"} 1',
    'shadow_total{route="r",choice="other"} 1',
    'shadow_total{route="r",choice="same"} 1',
    'shadowed_cost_usd_total{route="r"} 0.000378',
    'shadow_cost_usd_total{route="r"} 4.2e-11',
  ]);
});

it('names so many routes and no more', () => {
  const metrics = new RouteMetrics(2);
  for (const route of ['a', 'b', 'c', 'd']) planned(metrics, route, null);
  expect(shown(metrics).slice(0, 3)).toEqual([
    'complexity_total{route="a",complexity="easy"} 1',
    'complexity_total{route="b",complexity="easy"} 1',
    'complexity_total{route="other",complexity="easy"} 2',
  ]);
});

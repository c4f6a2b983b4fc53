/**
 * A month of calls as the provider's billing knows them and as we have metered them: 2 % never passed the
 * gateway, of 1 % we estimated the usage, and one price changed on the 15th without our noticing. The
 * provider's side is priced and exported by the simulator's code, from prices of its own.
 */
import type { UnitPrices } from '@tollgate/domain/reconciliation/totals/money-shares.ts';
import type { OurGroup } from '@tollgate/domain/reconciliation/totals/our-group.ts';
import { type QuantityName, quantityNames } from '@tollgate/domain/usage/quantities.ts';
import type { ChargedCall } from '@tollgate/simulator/exports/charged-call.ts';
import type { Model, PriceTier } from '@tollgate/simulator/price-table.ts';
import { costPicoUsd, nothingUsed, type Usage } from '@tollgate/simulator/pricing/cost.ts';

export const FIRST_DAY = '2026-11-01';
export const LAST_DAY = '2026-11-30';
const START_MS = Date.parse(FIRST_DAY);
const DAY_MS = 86_400_000;
export const CHANGE_DAY = '2026-11-15';
const CHANGE_MS = Date.parse(CHANGE_DAY);
const CALLS = 2_400;

const tier = (inputUsd: string, cachedInputUsd: string, outputUsd: string): PriceTier => ({
  ...{ inputTokensMax: Number.POSITIVE_INFINITY, inputUsd, cachedInputUsd },
  ...{ outputUsd, reasoningUsd: outputUsd },
});

export const PRO = 'gemini-2.5-pro';
const OLD_OUTPUT_USD = '10';
const NEW_OUTPUT_USD = '12.5';
/** What a token of output costs more since, 1e-18 dollars. */
const RISE_ATTO = 2_500_000_000_000n;
const before: Readonly<Record<string, PriceTier>> = {
  [PRO]: tier('1.25', '0.125', OLD_OUTPUT_USD),
  'gemini-2.5-flash': tier('0.30', '0.075', '2.50'),
  'gemini-2.0-flash-lite': tier('0.075', '0.075', '0.30'),
};
const models = Object.keys(before);

/** What we believe all month: pico-dollars per million. */
export function ourPrices(model: string): UnitPrices {
  const price = before[model];
  if (price === undefined) return null;
  const pico = (usd: string) => BigInt(Math.round(Number(usd) * 1e6)) * 1_000_000n;
  return {
    ...{ input_tokens: pico(price.inputUsd), cache_read_tokens: pico(price.cachedInputUsd) },
    ...{ output_tokens: pico(price.outputUsd), reasoning_tokens: pico(price.outputUsd) },
    ...{ cache_write_tokens: pico(price.inputUsd), requests: 0n },
  };
}

function priceAt(model: string, atMs: number): PriceTier {
  const price = before[model] as PriceTier;
  if (model !== PRO || atMs < CHANGE_MS) return price;
  return { ...price, outputUsd: NEW_OUTPUT_USD, reasoningUsd: NEW_OUTPUT_USD };
}

/** Deterministic; the same numbers in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export type Totals = { calls: number; input: number; output: number };

export type Month = {
  charged: ChargedCall[];
  /** Our side of it, call by call. */
  groups: OurCall[];
  /** What the report must find. */
  truth: { gap: Totals; estimates: Totals; priceAtto: bigint };
};

export function simulatedMonth(): Month {
  const draw = random(20_261_115);
  const month: Month = {
    ...{ charged: [], groups: [] },
    truth: {
      gap: { calls: 0, input: 0, output: 0 },
      estimates: { calls: 0, input: 0, output: 0 },
      priceAtto: 0n,
    },
  };
  for (let index = 0; index < CALLS; index++) addCall(month, draw, index);
  return month;
}

function addCall(
  { charged, groups, truth }: Month,
  draw: (below: number) => number,
  index: number,
) {
  const model = models[draw(models.length)] as string;
  // Some of them run over a midnight.
  const startedAtMs = START_MS + draw(30 * DAY_MS - 200_000);
  const latencyMs = 200 + draw(180_000);
  const usage: Usage = {
    ...nothingUsed,
    ...{ inputTokens: 1 + draw(4_000), cacheReadTokens: draw(3) === 0 ? 128 * draw(20) : 0 },
    ...{ outputTokens: 1 + draw(900), reasoningTokens: model === PRO ? draw(500) : 0 },
  };
  const bypasses = index % 50 === 7;
  const who = bypasses ? 'script' : 'gateway';
  charged.push({
    ...{ id: `call-${index}`, startedAtMs, endedAtMs: startedAtMs + latencyMs },
    ...{ apiKeyId: who, projectId: who, model, usage, price: priceAt(model, startedAtMs) },
  });
  const input = usage.inputTokens + usage.cacheReadTokens;
  const output = usage.outputTokens + usage.reasoningTokens;
  if (bypasses) return addTo(truth.gap, { calls: 1, input, output });
  const estimated = index % 100 === 3;
  const stated = estimated ? { ...usage, outputTokens: draw(1_200) } : usage;
  if (estimated) {
    addTo(truth.estimates, {
      calls: 1,
      input: 0,
      output: usage.outputTokens - stated.outputTokens,
    });
  }
  if (model === PRO && startedAtMs >= CHANGE_MS) {
    truth.priceAtto += BigInt(output) * RISE_ATTO;
  }
  groups.push(metered(model, stated, { startedAtMs, latencyMs, estimated }));
}

function addTo(totals: Totals, more: Totals): void {
  totals.calls += more.calls;
  totals.input += more.input;
  totals.output += more.output;
}

/** A call that we have metered; its days follow from the zone of the export. */
export type OurCall = Omit<OurGroup, 'startDay' | 'endDay'> & {
  startedAtMs: number;
  endedAtMs: number;
};

function metered(
  model: string,
  usage: Usage,
  of: { startedAtMs: number; latencyMs: number; estimated: boolean },
): OurCall {
  const priced = {
    id: model,
    requestUsd: '0',
    searchUsd: '0',
    tiers: [before[model]],
  } as unknown as Model;
  const zeros = Object.fromEntries(quantityNames.map((name) => [name, 0]));
  return {
    ...{ startedAtMs: of.startedAtMs, endedAtMs: of.startedAtMs + of.latencyMs },
    ...{ nearMidnight: false, modelServed: model, modelAsked: model, attempts: 1 },
    certainty: of.estimated ? 'estimated' : 'stated',
    quantities: {
      ...(zeros as Record<QuantityName, number>),
      ...{ input_tokens: usage.inputTokens, cache_read_tokens: usage.cacheReadTokens },
      ...{ output_tokens: usage.outputTokens, reasoning_tokens: usage.reasoningTokens },
      requests: 1,
    },
    ...{ costPico: costPicoUsd(priced, usage), heldPico: 0n },
  };
}

/** As the warehouse would sum them up, each by itself. */
export function groupsIn(calls: readonly OurCall[], timeZone: string): OurGroup[] {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone });
  return calls.map(({ startedAtMs, endedAtMs, ...call }) => ({
    ...call,
    ...{ startDay: format.format(startedAtMs), endDay: format.format(endedAtMs) },
  }));
}

/**
 * The cost of one attempt: the exact sum of every bucket at its price, rounded once, half away
 * from zero, to the pico-dollar.
 */
import { type MediaUse, mediaCost } from '../media/media-prices.ts';
import { type Model, type ServiceTier, serviceTiers } from '../price-table.ts';
import { type Rational, rationalOf, roundToPico, scaled, sum, zero } from './rational.ts';

/** Disjoint buckets: their sum is the total that the answer's `usage` states. */
export type Usage = {
  /** Without the cached ones. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  /** Written to a cache for five minutes, or for no stated time. */
  readonly cacheWriteTokens: number;
  readonly cacheWrite1hTokens: number;
  /** Without the reasoning ones. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Of the web, by the provider. */
  readonly searches: number;
  /** Pictures and sound; absent: none. */
  readonly media?: MediaUse;
};

export const nothingUsed: Usage = {
  ...{ inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, cacheWrite1hTokens: 0 },
  ...{ outputTokens: 0, reasoningTokens: 0, searches: 0 },
};

/** All that the model reads, cached or not. */
export function inputTotalOf(usage: Usage): number {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens } = usage;
  return inputTokens + cacheReadTokens + cacheWriteTokens + cacheWrite1hTokens;
}

const PER_MILLION = 1_000_000n;
const parsed = new Map<string, Rational>();

function price(usd: string): Rational {
  const known = parsed.get(usd);
  if (known !== undefined) return known;
  const read = rationalOf(usd);
  parsed.set(usd, read);
  return read;
}

/**
 * Pico-dollars for one attempt that used `usage` of `model`. A tier of service multiplies what tokens
 * cost, and nothing else.
 */
export function costPicoUsd(
  model: Model,
  usage: Usage,
  serviceTier: ServiceTier = 'default',
): bigint {
  const inputTotal = inputTotalOf(usage);
  const tier = model.tiers.find((t) => inputTotal <= t.inputTokensMax);
  if (tier === undefined) throw new Error(`${model.id} has no tier for ${inputTotal} tokens`);
  const { percent } = serviceTiers[serviceTier];
  const tokens = (usd: string, count: number) =>
    scaled(price(usd), count * percent, 100n * PER_MILLION);
  const parts = [
    tokens(tier.inputUsd, usage.inputTokens),
    tokens(tier.cachedInputUsd, usage.cacheReadTokens),
    tokens(tier.cacheWriteUsd ?? tier.inputUsd, usage.cacheWriteTokens),
    tokens(tier.cacheWrite1hUsd ?? tier.inputUsd, usage.cacheWrite1hTokens),
    tokens(tier.outputUsd, usage.outputTokens),
    tokens(tier.reasoningUsd, usage.reasoningTokens),
    scaled(price(model.searchUsd), usage.searches, 1n),
    price(model.requestUsd),
    usage.media === undefined ? zero : mediaCost(model.media ?? {}, usage.media),
  ];
  return roundToPico(parts.reduce(sum, zero));
}

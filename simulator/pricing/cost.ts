/**
 * The cost of one attempt: the exact sum of every bucket at its price, rounded once, half away
 * from zero, to the pico-dollar.
 */
import type { Model } from '../price-table.ts';
import { type Rational, rationalOf, roundToPico, scaled, sum, zero } from './rational.ts';

/** Disjoint buckets: their sum is the total that the answer's `usage` states. */
export type Usage = {
  /** Without the cached ones. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  /** Without the reasoning ones. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
};

const PER_MILLION = 1_000_000n;
const parsed = new Map<string, Rational>();

function price(usd: string): Rational {
  const known = parsed.get(usd);
  if (known !== undefined) return known;
  const read = rationalOf(usd);
  parsed.set(usd, read);
  return read;
}

/** Pico-dollars for one attempt that used `usage` of `model`. */
export function costPicoUsd(model: Model, usage: Usage): bigint {
  const inputTotal = usage.inputTokens + usage.cacheReadTokens;
  const tier = model.tiers.find((t) => inputTotal <= t.inputTokensMax);
  if (tier === undefined) throw new Error(`${model.id} has no tier for ${inputTotal} tokens`);
  const parts = [
    scaled(price(tier.inputUsd), usage.inputTokens, PER_MILLION),
    scaled(price(tier.cachedInputUsd), usage.cacheReadTokens, PER_MILLION),
    scaled(price(tier.outputUsd), usage.outputTokens, PER_MILLION),
    scaled(price(tier.reasoningUsd), usage.reasoningTokens, PER_MILLION),
    price(model.requestUsd),
  ];
  return roundToPico(parts.reduce(sum, zero));
}

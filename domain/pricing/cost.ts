/**
 * What an attempt costs, and what it can cost at most. Exact: the sum is an integer of
 * 1e-18 dollars, rounded once (I6).
 */
import { divideHalfAwayFromZero, divideUp } from '../money/rounding.ts';
import type { KnownQuantities } from '../usage/quantities.ts';
import { type CompiledPrice, highestUpTo, isPriced, priceAt } from './compile.ts';
import type { PricedUnit } from './price.ts';

const MILLION = 1_000_000n;

/**
 * The cost in pico-dollars. The call's total input, cached and audio included, selects the tier;
 * the whole call is priced at that tier. Null: something was written, and the price does not say what
 * that costs.
 */
export function costOf(price: CompiledPrice, q: KnownQuantities): bigint | null {
  if (q.outputTokens > 0 && !isPriced(price, 'output')) return null;
  if (q.reasoningTokens > 0 && !isPriced(price, 'reasoning')) return null;
  if (q.audioOutputTokens > 0 && !isPriced(price, 'audio_output')) return null;
  const input = q.inputTokens + q.cacheReadTokens + q.cacheWriteTokens + q.audioInputTokens;
  const exact =
    BigInt(q.inputTokens) * priceAt(price.input, input) +
    BigInt(q.cacheReadTokens) * priceAt(price.cache_read, input) +
    BigInt(q.cacheWriteTokens) * priceAt(price.cache_write, input) +
    BigInt(q.audioInputTokens) * priceAt(price.audio_input, input) +
    BigInt(q.outputTokens) * priceAt(price.output, input) +
    BigInt(q.reasoningTokens) * priceAt(price.reasoning, input) +
    BigInt(q.audioOutputTokens) * priceAt(price.audio_output, input) +
    BigInt(q.requests) * priceAt(price.request, input);
  // seam: cost-is-rounded-once
  return divideHalfAwayFromZero(exact, MILLION);
}

/** What a unit of a call was multiplied by. `atto`: exact, of 1e-18 dollars. */
export type CostLine = {
  unit: PricedUnit;
  quantity: number;
  picoPerMillion: bigint;
  atto: bigint;
};

const UNITS: readonly (readonly [PricedUnit, keyof KnownQuantities])[] = [
  ['input', 'inputTokens'],
  ['cache_read', 'cacheReadTokens'],
  ['cache_write', 'cacheWriteTokens'],
  ['audio_input', 'audioInputTokens'],
  ['output', 'outputTokens'],
  ['reasoning', 'reasoningTokens'],
  ['audio_output', 'audioOutputTokens'],
  ['request', 'requests'],
];

/** What `costOf` adds up, for those who ask why. Null where that is null. */
export function costLines(price: CompiledPrice, q: KnownQuantities): CostLine[] | null {
  if (costOf(price, q) === null) return null;
  const input = q.inputTokens + q.cacheReadTokens + q.cacheWriteTokens + q.audioInputTokens;
  return UNITS.flatMap(([unit, field]) => {
    const quantity = q[field];
    const picoPerMillion = priceAt(price[unit], input);
    if (quantity === 0 || (unit === 'request' && picoPerMillion === 0n)) return [];
    return [{ unit, quantity, picoPerMillion, atto: BigInt(quantity) * picoPerMillion }];
  });
}

export type CostBound = {
  inputTokensMax: number;
  outputTokensMax: number;
  requestsMax: number;
  /** Fees that no price list has: of searches. Absent: none. */
  feePicoUsd?: bigint;
};

/** An upper bound of `costOf` for any quantities within the bound, in pico-dollars. */
export function worstCaseCost(price: CompiledPrice, bound: CostBound): bigint {
  const { inputTokensMax, outputTokensMax, requestsMax } = bound;
  const highest = (...units: (keyof CompiledPrice)[]): bigint => {
    let most = 0n;
    for (const unit of units) {
      const candidate = highestUpTo(price[unit], inputTokensMax);
      if (candidate > most) most = candidate;
    }
    return most;
  };
  // seam: hold-is-at-the-highest-rates
  const exact =
    BigInt(inputTokensMax) * highest('input', 'cache_read', 'cache_write', 'audio_input') +
    BigInt(outputTokensMax) * highest('output', 'reasoning', 'audio_output') +
    BigInt(requestsMax) * highest('request');
  return divideUp(exact, MILLION) + (bound.feePicoUsd ?? 0n);
}

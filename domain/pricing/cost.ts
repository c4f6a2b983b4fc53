/**
 * What an attempt costs, and what it can cost at most. Exact: the sum is an integer of
 * 1e-18 dollars, rounded once (I6).
 */
import { divideHalfAwayFromZero, divideUp } from '../money/rounding.ts';
import type { KnownQuantities } from '../usage/quantities.ts';
import {
  type CompiledPrice,
  type CompiledTiers,
  highestUpTo,
  isPriced,
  priceAt,
} from './compile.ts';
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
    attoOf(q.inputTokens, price.input, input) +
    attoOf(q.cacheReadTokens, price.cache_read, input) +
    attoOf(q.cacheWriteTokens, price.cache_write, input) +
    attoOf(q.audioInputTokens, price.audio_input, input) +
    attoOf(q.outputTokens, price.output, input) +
    attoOf(q.reasoningTokens, price.reasoning, input) +
    attoOf(q.audioOutputTokens, price.audio_output, input) +
    attoOf(q.requests, price.request, input);
  // seam: cost-is-rounded-once
  return divideHalfAwayFromZero(exact, MILLION);
}

/** Most calls use two or three of the units: the others cost no multiplication. */
function attoOf(quantity: number, tiers: CompiledTiers, input: number): bigint {
  return quantity === 0 ? 0n : BigInt(quantity) * priceAt(tiers, input);
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

// seam: hold-is-at-the-highest-rates
const OF_INPUT: readonly PricedUnit[] = ['input', 'cache_read', 'cache_write', 'audio_input'];
const OF_OUTPUT: readonly PricedUnit[] = ['output', 'reasoning', 'audio_output'];

/** An upper bound of `costOf` for any quantities within the bound, in pico-dollars. */
export function worstCaseCost(price: CompiledPrice, bound: CostBound): bigint {
  const { inputTokensMax, outputTokensMax, requestsMax, feePicoUsd } = bound;
  const exact =
    BigInt(inputTokensMax) * highestOf(price, OF_INPUT, inputTokensMax) +
    BigInt(outputTokensMax) * highestOf(price, OF_OUTPUT, inputTokensMax) +
    BigInt(requestsMax) * highestUpTo(price.request, inputTokensMax);
  const worst = divideUp(exact, MILLION);
  return feePicoUsd === undefined ? worst : worst + feePicoUsd;
}

function highestOf(
  price: CompiledPrice,
  units: readonly PricedUnit[],
  inputTokensMax: number,
): bigint {
  let most = 0n;
  for (const unit of units) {
    const candidate = highestUpTo(price[unit], inputTokensMax);
    if (candidate > most) most = candidate;
  }
  return most;
}

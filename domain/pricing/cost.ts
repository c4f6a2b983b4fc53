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
import { type PricedUnit, pricedUnitNames, pricedUnits } from './price.ts';

const MILLION = 1_000_000n;

/**
 * The cost in pico-dollars. The call's total input, cached, audio and pictures included, selects the tier;
 * the whole call is priced at that tier. Null: something was used, and the price does not say what that
 * costs.
 */
export function costOf(price: CompiledPrice, q: KnownQuantities): bigint | null {
  const hasMore = usesMore(q);
  if (isUnpriced(price, q) || (hasMore && lacksMore(price, q))) return null;
  const input = inputOf(q);
  let exact =
    attoOf(q.inputTokens, price.input, input) +
    attoOf(q.cacheReadTokens, price.cache_read, input) +
    attoOf(q.cacheWriteTokens, price.cache_write, input) +
    attoOf(q.audioInputTokens, price.audio_input, input) +
    attoOf(q.outputTokens, price.output, input) +
    attoOf(q.reasoningTokens, price.reasoning, input) +
    attoOf(q.audioOutputTokens, price.audio_output, input) +
    attoOf(q.requests, price.request, input);
  if (hasMore) {
    for (const [unit, field] of MORE) exact += attoOf(q[field], price[unit], input);
  }
  // seam: cost-is-rounded-once
  return divideHalfAwayFromZero(exact, MILLION);
}

/** What the tiers go by. */
function inputOf(q: KnownQuantities): number {
  return (
    q.inputTokens +
    q.cacheReadTokens +
    q.cacheWriteTokens +
    q.cacheWrite1hTokens +
    q.audioInputTokens +
    q.imageInputTokens
  );
}

/** Of the units that most calls have. */
function isUnpriced(price: CompiledPrice, q: KnownQuantities): boolean {
  return (
    (q.outputTokens > 0 && !isPriced(price, 'output')) ||
    (q.inputTokens > 0 && !isPriced(price, 'input')) ||
    (q.reasoningTokens > 0 && !isPriced(price, 'reasoning')) ||
    (q.cacheReadTokens > 0 && !isPriced(price, 'cache_read')) ||
    (q.cacheWriteTokens > 0 && !isPriced(price, 'cache_write')) ||
    (q.audioInputTokens > 0 && !isPriced(price, 'audio_input')) ||
    (q.audioOutputTokens > 0 && !isPriced(price, 'audio_output'))
  );
}

/** The units that few calls have: no other call looks at them one by one. */
const MORE = (
  [
    ...['cache_write_1h', 'image_input', 'image_output', 'image'],
    ...['search', 'audio_second', 'character'],
  ] as const
).map((unit) => [unit, pricedUnits[unit].field] as const);

function usesMore(q: KnownQuantities): boolean {
  const tokens = q.cacheWrite1hTokens + q.imageInputTokens + q.imageOutputTokens;
  return tokens + q.images + q.searches + q.audioSeconds + q.characters > 0;
}

function lacksMore(price: CompiledPrice, q: KnownQuantities): boolean {
  return MORE.some(([unit, field]) => q[field] > 0 && !isPriced(price, unit));
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

/** What `costOf` adds up, for those who ask why. Null where that is null. */
export function costLines(price: CompiledPrice, q: KnownQuantities): CostLine[] | null {
  if (costOf(price, q) === null) return null;
  const input = inputOf(q);
  return pricedUnitNames.flatMap((unit) => {
    const quantity = q[pricedUnits[unit].field];
    const picoPerMillion = priceAt(price[unit], input);
    if (quantity === 0 || (unit === 'request' && picoPerMillion === 0n)) return [];
    return [{ unit, quantity, picoPerMillion, atto: BigInt(quantity) * picoPerMillion }];
  });
}

export type CostBound = {
  inputTokensMax: number;
  outputTokensMax: number;
  requestsMax: number;
  /** Fees of searches, as the operator bounds them. Absent: none. */
  feePicoUsd?: bigint;
  /** What few calls can cause. Absent: nothing of it. */
  more?: MoreUse | undefined;
};

/** The most of it, by one call; absent: none of it. */
export type MoreUse = {
  /** Input may be written to a cache for an hour. */
  cacheWrites1h?: boolean;
  searchesMax?: number;
  imagesMax?: number;
  audioSecondsMax?: number;
  charactersMax?: number;
};

// seam: hold-is-at-the-highest-rates
const OF_INPUT: readonly PricedUnit[] = [
  ...(['input', 'cache_read', 'cache_write', 'audio_input', 'image_input'] as const),
];
const OF_OUTPUT: readonly PricedUnit[] = ['output', 'reasoning', 'audio_output', 'image_output'];
/** Units of `MoreUse` that are counted, and those that some models are billed by in place of tokens. */
const BY_MEASURE = [
  ['image', 'imagesMax'],
  ['audio_second', 'audioSecondsMax'],
  ['character', 'charactersMax'],
] as const;
const COUNTED = [['search', 'searchesMax'], ...BY_MEASURE] as const;

/** An upper bound of `costOf` for any quantities within the bound, in pico-dollars. */
export function worstCaseCost(price: CompiledPrice, bound: CostBound): bigint {
  const { inputTokensMax, outputTokensMax, requestsMax, feePicoUsd, more } = bound;
  const highest = highestOf(price);
  const input = priceAt(highest.input, inputTokensMax);
  const exact =
    BigInt(inputTokensMax) * (more === undefined ? input : inputWith(more, price, bound, input)) +
    BigInt(outputTokensMax) * priceAt(highest.output, inputTokensMax) +
    BigInt(requestsMax) * highestUpTo(price.request, inputTokensMax);
  const worst = divideUp(exact, MILLION);
  if (more === undefined) return feePicoUsd === undefined ? worst : worst + feePicoUsd;
  return worst + feesOf(more, price, bound);
}

/** Writes for an hour cost more than all else that is read: only calls that ask for them are held for them. */
function inputWith(more: MoreUse, price: CompiledPrice, bound: CostBound, input: bigint): bigint {
  if (more.cacheWrites1h !== true) return input;
  const written = highestUpTo(price.cache_write_1h, bound.inputTokensMax);
  return written > input ? written : input;
}

/** Of searches, the operator's bound or the list's price, whichever is more. */
function feesOf(more: MoreUse, price: CompiledPrice, bound: CostBound): bigint {
  let fees = 0n;
  for (const [unit, name] of COUNTED) {
    const exact = BigInt(more[name] ?? 0) * highestUpTo(price[unit], bound.inputTokensMax);
    const fee = divideUp(exact, MILLION);
    const stated = unit === 'search' ? (bound.feePicoUsd ?? 0n) : 0n;
    fees += fee > stated ? fee : stated;
  }
  return fees;
}

/**
 * False: the bound has something in it whose price nobody has stated, so no amount bounds it (I8). A model
 * that is billed by a measure, and not by tokens, needs that price alone, and the other way round.
 */
export function isBoundPriced(price: CompiledPrice, bound: CostBound): boolean {
  const { more } = bound;
  if (more === undefined) return tokensArePriced(price, bound);
  const isSearchBounded = bound.feePicoUsd !== undefined || isPriced(price, 'search');
  if ((more.searchesMax ?? 0) > 0 && !isSearchBounded) return false;
  if (more.cacheWrites1h === true && !isPriced(price, 'cache_write_1h')) return false;
  const measures = BY_MEASURE.filter(([, name]) => (more[name] ?? 0) > 0);
  if (measures.length === 0 || isPriced(price, 'input')) return tokensArePriced(price, bound);
  return measures.every(([unit]) => isPriced(price, unit));
}

function tokensArePriced(price: CompiledPrice, bound: CostBound): boolean {
  if (bound.outputTokensMax > 0 && !isPriced(price, 'output')) return false;
  return bound.inputTokensMax === 0 || isPriced(price, 'input');
}

/** The highest price of all that is read, and of all that is written, by the input that a call has at most. */
type Highest = { input: CompiledTiers; output: CompiledTiers };

/** Worked out once for each price: every call under a budget asks. */
const highestPrices = new WeakMap<CompiledPrice, Highest>();

function highestOf(price: CompiledPrice): Highest {
  const known = highestPrices.get(price);
  if (known !== undefined) return known;
  const highest = { input: highestTiers(price, OF_INPUT), output: highestTiers(price, OF_OUTPUT) };
  highestPrices.set(price, highest);
  return highest;
}

function highestTiers(price: CompiledPrice, units: readonly PricedUnit[]): CompiledTiers {
  const from = [...new Set(units.flatMap((unit) => price[unit].from))].sort((a, b) => a - b);
  const picoPerMillion = from.map((input) => {
    let most = 0n;
    for (const unit of units) {
      const candidate = highestUpTo(price[unit], input);
      if (candidate > most) most = candidate;
    }
    return most;
  });
  return { from, picoPerMillion };
}

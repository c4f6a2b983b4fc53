/** A model's price made ready for the hot path: integers, and every fallback resolved. */
import type { ModelPrice, PricedUnit, TieredPrice } from './price.ts';

/** Price per million units in pico-dollars, by tier: `from[i]` ≤ total input < `from[i + 1]`. */
export type CompiledTiers = { from: number[]; picoPerMillion: bigint[] };

export type CompiledPrice = Record<PricedUnit, CompiledTiers>;

const FREE: CompiledTiers = { from: [0], picoPerMillion: [0n] };
/** Of a unit that is not free, and whose price nobody has stated (I8). */
const NOT_PRICED: CompiledTiers = { from: [0], picoPerMillion: [0n] };

/** A unit without a price of its own costs the same as the unit that it is a kind of (price.ts). */
export function compilePrice(price: ModelPrice): CompiledPrice {
  // What is billed by its length or by the piece says nothing of tokens by saying nothing.
  const isByMeasure = BY_MEASURE.some((unit) => price[unit] !== undefined);
  const input = compileTiers(price.input) ?? (isByMeasure ? NOT_PRICED : FREE);
  // What costs so much a request, and nothing by token, has no price for its tokens.
  const isPerRequest = price.request !== undefined && price.input === undefined && !isByMeasure;
  const output = compileTiers(price.output) ?? (isPerRequest ? FREE : NOT_PRICED);
  return {
    input,
    output,
    cache_read: compileTiers(price.cache_read) ?? input,
    cache_write: compileTiers(price.cache_write) ?? input,
    reasoning: compileTiers(price.reasoning) ?? output,
    audio_input: compileTiers(price.audio_input) ?? input,
    audio_output: compileTiers(price.audio_output) ?? output,
    request: compileTiers(price.request) ?? FREE,
    // seam: unpriced-bucket-is-unknown
    cache_write_1h: compileTiers(price.cache_write_1h) ?? NOT_PRICED,
    image_input: compileTiers(price.image_input) ?? input,
    image_output: compileTiers(price.image_output) ?? output,
    image: compileTiers(price.image) ?? NOT_PRICED,
    search: compileTiers(price.search) ?? NOT_PRICED,
    audio_second: compileTiers(price.audio_second) ?? NOT_PRICED,
    character: compileTiers(price.character) ?? NOT_PRICED,
  };
}

const BY_MEASURE: readonly PricedUnit[] = ['image', 'audio_second', 'character'];

/** False: the price says nothing of what the unit costs, which is not that it costs nothing. */
export function isPriced(price: CompiledPrice, unit: PricedUnit): boolean {
  return price[unit] !== NOT_PRICED;
}

/** The price says what a request costs, be it nothing: a request without one is free only next to its tokens. */
export function pricesRequests(price: CompiledPrice): boolean {
  return price.request !== FREE;
}

/** Pictures have prices of their own: what a call cost is known only if its usage tells them apart. */
export function pricesImages(price: CompiledPrice): boolean {
  return price.image_input !== price.input || price.image_output !== price.output;
}

/** Reasoning has a price of its own: the model may reason. */
export function pricesReasoning(price: CompiledPrice): boolean {
  return price.reasoning !== price.output;
}

function compileTiers(tiers: TieredPrice | undefined): CompiledTiers | undefined {
  if (tiers === undefined) return undefined;
  const sorted = [...tiers].sort((a, b) => a.from_input_tokens - b.from_input_tokens);
  if (sorted[0]?.from_input_tokens !== 0) throw new RangeError('the first tier starts at 0');
  return {
    from: sorted.map((tier) => tier.from_input_tokens),
    picoPerMillion: sorted.map((tier) => BigInt(tier.pico_usd_per_million)),
  };
}

/** What a call reads or writes costs by the token. */
export function pricesTokens(price: CompiledPrice): boolean {
  return BY_TOKEN.some((unit) => price[unit].picoPerMillion.some((pico) => pico > 0n));
}

const BY_TOKEN: readonly PricedUnit[] = [
  ...(['input', 'output', 'audio_input', 'audio_output', 'image_input', 'image_output'] as const),
];

/** True if no unit costs anything, in any tier. */
export function isFree(price: CompiledPrice): boolean {
  return Object.values(price).every(({ picoPerMillion }) => picoPerMillion.every((p) => p === 0n));
}

/** The price in the tier of a call with this much input. */
export function priceAt(tiers: CompiledTiers, totalInputTokens: number): bigint {
  let index = tiers.from.length - 1;
  while (index > 0 && (tiers.from[index] as number) > totalInputTokens) index--;
  return tiers.picoPerMillion[index] as bigint;
}

/** The highest price among the tiers that a call with at most this much input can reach. */
export function highestUpTo(tiers: CompiledTiers, totalInputTokensMax: number): bigint {
  let highest = 0n;
  for (let index = 0; index < tiers.from.length; index++) {
    if ((tiers.from[index] as number) > totalInputTokensMax) break;
    const price = tiers.picoPerMillion[index] as bigint;
    if (price > highest) highest = price;
  }
  return highest;
}

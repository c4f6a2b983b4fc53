/**
 * What a model costs: dated, versioned price lists (I7). Prices are integer pico-dollars per
 * million units (I6), as text on the wire because they exceed 2^53.
 */

import { streamCategory } from '../stream/stream-category.ts';
import type { KnownQuantities } from '../usage/quantities.ts';

/** The id is `<provider>.<source>`. */
export const priceBookStreams = streamCategory('price_book');

export function priceBookStream(
  provider: string,
  source: PriceVersionPublished['data']['source'],
): string {
  return priceBookStreams.of(`${provider}.${source}`);
}

/**
 * The units that a provider prices, each per million: tokens, or what their names say. Those without a
 * price of their own cost the same as the unit that `like` names; where there is none, nobody knows what
 * they cost (I8), but for the input and the request (`ModelPrice`).
 */
export const pricedUnits = {
  input: { field: 'inputTokens', like: null },
  cache_read: { field: 'cacheReadTokens', like: 'input' },
  cache_write: { field: 'cacheWriteTokens', like: 'input' },
  /** Providers that have them ask twice the input's price, and more than for other writes. */
  cache_write_1h: { field: 'cacheWrite1hTokens', like: null },
  output: { field: 'outputTokens', like: null },
  reasoning: { field: 'reasoningTokens', like: 'output' },
  audio_input: { field: 'audioInputTokens', like: 'input' },
  audio_output: { field: 'audioOutputTokens', like: 'output' },
  image_input: { field: 'imageInputTokens', like: 'input' },
  image_output: { field: 'imageOutputTokens', like: 'output' },
  image: { field: 'images', like: null },
  request: { field: 'requests', like: null },
  search: { field: 'searches', like: null },
  audio_second: { field: 'audioSeconds', like: null },
  character: { field: 'characters', like: null },
} as const satisfies Record<string, { field: keyof KnownQuantities; like: string | null }>;

export type PricedUnit = keyof typeof pricedUnits;

export const pricedUnitNames = Object.keys(pricedUnits) as PricedUnit[];

/** Tiers of a provider's service that cost what the list says. */
export const listedServiceTiers: ReadonlySet<unknown> = new Set<unknown>([
  ...['auto', 'default', 'standard', 'standard_only', 'on_demand', ''],
  ...[undefined, null],
]);

/**
 * One price, by tiers of the call's *total* input tokens: the whole call is priced at the last tier
 * whose `from_input_tokens` its input has reached or exceeded. The first tier starts at 0.
 */
export type TieredPrice = { from_input_tokens: number; pico_usd_per_million: string }[];

/**
 * A unit without a price of its own: see `pricedUnits`. `input` missing: it is free of charge, unless the
 * model is billed by the length of audio or text, or by the image. `output` missing: what a model writes is
 * unpriced, unless it costs so much a request and nothing for its input.
 */
export type ModelPrice = { [U in PricedUnit]?: TieredPrice };

/** Tiers that cost less than what the list says, which therefore bounds them. */
export const cheaperServiceTiers: ReadonlySet<string> = new Set(['flex', 'batch']);

export type ModelMatch =
  | { equals: string }
  | { starts_with: string }
  | { ends_with: string }
  | { contains: string }
  | { regex: string }
  | { or: ModelMatch[] }
  | { and: ModelMatch[] };

/** Limits of a daily window in UTC, `HH:MM:SS`; `start` may be after `end` (across midnight). */
export type DailyWindow = { start: string; end: string };

export type PricedModel = {
  model: string;
  match: ModelMatch;
  context_window: number | null;
  /** Largest output that the model gives in one answer. */
  max_output_tokens: number | null;
  /**
   * Later entries win; an entry applies from its date and within its daily window. None at all:
   * the model is known, and unpriced.
   */
  prices: {
    from: string | null;
    daily: DailyWindow | null;
    price: ModelPrice;
    /** At other tiers of service (`flex`, `priority`, `batch`), whole prices. Absent: nobody knows them. */
    service_tiers?: Readonly<Record<string, ModelPrice>>;
  }[];
};

/**
 * Stream `price_book-<book>`: one provider's whole list as of `effective_from`; it replaces the
 * book's earlier list for that provider. A book with a higher `source` rank wins over a lower one:
 * price_book > config > catalogue.
 */
export type PriceVersionPublished = {
  type: 'PriceVersionPublished';
  data: {
    /** Unique; every event that is priced with the list carries it. */
    version: string;
    source: 'price_book' | 'config' | 'catalogue';
    provider: string;
    effective_from: string | null;
    models: PricedModel[];
  };
};

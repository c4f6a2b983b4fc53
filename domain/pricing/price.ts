/**
 * What a model costs: dated, versioned price lists (I7). Prices are integer pico-dollars per
 * million units (I6), as text on the wire because they exceed 2^53.
 */

import { streamCategory } from '../stream/stream-category.ts';

/** The id is `<provider>.<source>`. */
export const priceBookStreams = streamCategory('price_book');

export function priceBookStream(
  provider: string,
  source: PriceVersionPublished['data']['source'],
): string {
  return priceBookStreams.of(`${provider}.${source}`);
}

/** The units that a provider prices. `request` is per million requests. */
export type PricedUnit =
  | 'input'
  | 'cache_read'
  | 'cache_write'
  | 'output'
  | 'reasoning'
  | 'audio_input'
  | 'audio_output'
  | 'request';

/**
 * One price, by tiers of the call's *total* input tokens: the whole call is priced at the last tier
 * whose `from_input_tokens` its input has reached or exceeded. The first tier starts at 0.
 */
export type TieredPrice = { from_input_tokens: number; pico_usd_per_million: string }[];

/**
 * A unit without a price of its own: `cache_read` and `cache_write` cost as `input`, `reasoning` as
 * `output`, `audio_*` as text. `input` missing: it is free of charge. `output` missing: what a model writes is
 * unpriced, unless it costs so much a request and nothing for its input.
 */
export type ModelPrice = { [U in PricedUnit]?: TieredPrice };

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
  prices: { from: string | null; daily: DailyWindow | null; price: ModelPrice }[];
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

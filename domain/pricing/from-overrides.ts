/** Prices that the operator stated in USD per million units → price lists, exactly (I6). */
import { parseDecimal } from '../money/money.ts';
import type {
  ModelPrice,
  PricedModel,
  PricedUnit,
  PriceVersionPublished,
  TieredPrice,
} from './price.ts';

type UnitPrices = { [U in PricedUnit]?: string | undefined };

/** Decimal text in USD per million units (requests: per million requests). */
export type PriceOverride = UnitPrices & {
  provider: string;
  model: string;
  effective_from?: string | undefined;
  tiers: (UnitPrices & { from_input_tokens: number })[];
  context_window?: number | undefined;
  max_output_tokens?: number | undefined;
};

const UNITS: readonly PricedUnit[] = [
  'input',
  'cache_read',
  'cache_write',
  'output',
  'reasoning',
  'audio_input',
  'audio_output',
  'request',
];
const PICO_PLACES = 12;
/** The unit whose price applies where a unit has none of its own (price.ts). */
const FALLBACK: { [U in PricedUnit]?: PricedUnit } = {
  cache_read: 'input',
  cache_write: 'input',
  reasoning: 'output',
  audio_input: 'input',
  audio_output: 'output',
};

/** One list per provider. @param version names the list on every event priced with it */
export function priceListsFromOverrides(
  overrides: readonly PriceOverride[],
  version: (provider: string) => string,
): PriceVersionPublished['data'][] {
  const byProvider = new Map<string, PriceOverride[]>();
  for (const override of overrides) {
    const others = byProvider.get(override.provider) ?? [];
    byProvider.set(override.provider, [...others, override]);
  }
  return [...byProvider].map(([provider, prices]) => ({
    version: version(provider),
    source: 'config',
    provider,
    effective_from: null,
    models: [...Map.groupBy(prices, ({ model }) => model).values()].map(toModel),
  }));
}

/**
 * One entry per model, with its prices in sequence, so the first entry that matches is the only
 * one.
 */
function toModel(overrides: readonly PriceOverride[]): PricedModel {
  const dated = overrides.toSorted((a, b) => startMs(a) - startMs(b));
  const [{ model }] = dated as [PriceOverride];
  // A limit belongs to the model, not to the price: one override that states it is enough.
  const limit = (name: 'context_window' | 'max_output_tokens') =>
    dated.findLast((override) => override[name] !== undefined)?.[name] ?? null;
  return {
    model,
    match: { equals: model },
    context_window: limit('context_window'),
    max_output_tokens: limit('max_output_tokens'),
    prices: dated.map((override) => ({
      from: override.effective_from ?? null,
      daily: null,
      price: toPrice(override),
    })),
  };
}

function startMs({ effective_from: from }: PriceOverride): number {
  return from === undefined ? Number.MIN_SAFE_INTEGER : Date.parse(from);
}

function toPrice(override: PriceOverride): ModelPrice {
  const price: ModelPrice = {};
  for (const unit of UNITS) {
    const tiers = toTiers(override, unit);
    if (tiers !== null) price[unit] = tiers;
  }
  return price;
}

function toTiers(override: PriceOverride, unit: PricedUnit): TieredPrice | null {
  const fallback = FALLBACK[unit];
  const base = override[unit] ?? (fallback === undefined ? undefined : override[fallback]);
  const higher = override.tiers.flatMap((tier) => {
    const text = tier[unit];
    return text === undefined ? [] : [{ from: tier.from_input_tokens, text }];
  });
  if (override[unit] === undefined && higher.length === 0) return null;
  if (base === undefined) throw new Error(`${override.model}: a tier of ${unit} has no base price`);
  return [{ from: 0, text: base }, ...higher].map(({ from, text }) => ({
    from_input_tokens: from,
    pico_usd_per_million: String(parseDecimal(text, PICO_PLACES)),
  }));
}

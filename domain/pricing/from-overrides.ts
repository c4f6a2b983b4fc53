/** Prices that the operator stated in USD per million units → price lists, exactly (I6). */
import { parseDecimal } from '../money/money.ts';
import {
  type ModelPrice,
  type PricedModel,
  type PricedUnit,
  type PriceVersionPublished,
  pricedUnitNames,
  pricedUnits,
  type TieredPrice,
} from './price.ts';

type UnitPrices = { [U in PricedUnit]?: string | undefined };
type WholePrice = UnitPrices & { tiers: readonly (UnitPrices & { from_input_tokens: number })[] };

/** Decimal text in USD per million units (requests: per million requests). */
export type PriceOverride = WholePrice & {
  provider: string;
  model: string;
  effective_from?: string | undefined;
  /** Whole prices, by tier of service. */
  service_tiers?: Readonly<Record<string, WholePrice>> | undefined;
  context_window?: number | undefined;
  max_output_tokens?: number | undefined;
};

const PICO_PLACES = 12;

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
      price: toPrice(override, model),
      ...(override.service_tiers === undefined
        ? {}
        : { service_tiers: ofTiers(override.service_tiers, model) }),
    })),
  };
}

function startMs({ effective_from: from }: PriceOverride): number {
  return from === undefined ? Number.MIN_SAFE_INTEGER : Date.parse(from);
}

function ofTiers(tiers: Readonly<Record<string, WholePrice>>, model: string) {
  const prices = Object.entries(tiers).map(([tier, whole]) => [tier, toPrice(whole, model)]);
  return Object.fromEntries(prices) as Record<string, ModelPrice>;
}

function toPrice(stated: WholePrice, model: string): ModelPrice {
  const price: ModelPrice = {};
  for (const unit of pricedUnitNames) {
    const tiers = toTiers(stated, unit, model);
    if (tiers !== null) price[unit] = tiers;
  }
  return price;
}

function toTiers(stated: WholePrice, unit: PricedUnit, model: string): TieredPrice | null {
  const { like } = pricedUnits[unit];
  const base = stated[unit] ?? (like === null ? undefined : stated[like]);
  const higher = stated.tiers.flatMap((tier) => {
    const text = tier[unit];
    return text === undefined ? [] : [{ from: tier.from_input_tokens, text }];
  });
  if (stated[unit] === undefined && higher.length === 0) return null;
  if (base === undefined) throw new Error(`${model}: a tier of ${unit} has no base price`);
  return [{ from: 0, text: base }, ...higher].map(({ from, text }) => ({
    from_input_tokens: from,
    pico_usd_per_million: String(parseDecimal(text, PICO_PLACES)),
  }));
}

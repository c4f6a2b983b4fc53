/**
 * The built-in price catalogue: `@pydantic/genai-prices`, pinned, translated exactly (I6). Only
 * models whose price this installation can apply in full are taken over. A model that is billed by
 * video or pages stays unpriced, and is refused rather than billed wrongly (I8).
 */
import { createHash } from 'node:crypto';
import { waitForUpdate } from '@pydantic/genai-prices';
import { parseDecimal } from '@tollgate/domain/money/money.ts';
import { divideHalfAwayFromZero } from '@tollgate/domain/money/rounding.ts';
import type {
  DailyWindow,
  ModelPrice,
  PricedModel,
  PricedUnit,
  PriceVersionPublished,
  TieredPrice,
} from '@tollgate/domain/pricing/price.ts';

import { openAiMedia } from './openai-media.ts';

type Providers = NonNullable<Awaited<ReturnType<typeof waitForUpdate>>>;
type CatalogueModel = Providers[number]['models'][number];
type Conditional = Extract<CatalogueModel['prices'], unknown[]>[number];
type CataloguePrice = Conditional['prices'];

/** How many of the unit that our price is of are in `per` of the catalogue's. */
type Scale = { unit: PricedUnit; times: bigint; per: bigint };

const scaled = (unit: PricedUnit, times = 1n, per = 1n): Scale => ({ unit, times, per });
const SECONDS_PER_HOUR = 3_600n;

const UNITS: Record<string, Scale> = {
  input_mtok: scaled('input'),
  cache_read_mtok: scaled('cache_read'),
  cache_write_mtok: scaled('cache_write'),
  cache_write_1h_mtok: scaled('cache_write_1h'),
  output_mtok: scaled('output'),
  output_reasoning_mtok: scaled('reasoning'),
  input_audio_mtok: scaled('audio_input'),
  output_audio_mtok: scaled('audio_output'),
  input_image_mtok: scaled('image_input'),
  output_image_mtok: scaled('image_output'),
  requests_kcount: scaled('request', 1_000n),
  web_searches_kcount: scaled('search', 1_000n),
  // Two names of one price; an entry in which they differ is left out.
  input_audio_hours: scaled('audio_second', 1_000_000n, SECONDS_PER_HOUR),
  audio_hours: scaled('audio_second', 1_000_000n, SECONDS_PER_HOUR),
};

const PICO_PLACES = 12;

/** Units that no answer's usage is read for: one that states them is not known (I8). */
const NEVER_READ = new Set([
  'storage_searches_kcount',
  'cache_audio_read_mtok',
  'cache_image_read_mtok',
]);

/** One list per provider. */
export async function readCatalogue(): Promise<PriceVersionPublished['data'][]> {
  const providers = (await waitForUpdate()) ?? [];
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  return providers.map((provider) => {
    const others = (provider.fallback_model_providers ?? []).flatMap(
      (id) => byId.get(id)?.models ?? [],
    );
    const own = provider.id === 'openai' ? openAiMedia : [];
    const models = [...own, ...[...provider.models, ...others].map(toPricedModel)];
    return {
      version: `genai-prices-${fingerprint(models)}-${provider.id}`,
      source: 'catalogue',
      provider: provider.id,
      effective_from: null,
      models,
    };
  });
}

/** A changed list gets another name, whatever version its package states. */
function fingerprint(models: readonly PricedModel[]): string {
  return createHash('sha256').update(JSON.stringify(models)).digest('hex').slice(0, 12);
}

function toPricedModel(model: CatalogueModel): PricedModel {
  const entries: Conditional[] = Array.isArray(model.prices)
    ? model.prices
    : [{ prices: model.prices }];
  const prices: PricedModel['prices'] = [];
  for (const [index, entry] of entries.entries()) {
    const price = toPrice(entry.prices);
    // The package falls back to its first entry when no condition holds.
    const when = index === 0 ? { from: null, daily: null } : conditionOf(entry);
    if (price !== null) prices.push({ ...when, price });
  }
  // It stays in the list without a price: otherwise a looser entry after it would match its name.
  if (prices.length < entries.length || lacksPrice(model.id, prices)) prices.length = 0;
  return {
    model: model.id,
    match: model.match,
    context_window: model.context_window ?? null,
    max_output_tokens: null,
    prices,
  };
}

/**
 * Spoken tokens cost many times as much as written ones: priced as text, they would be billed
 * wrongly.
 */
function lacksPrice(model: string, prices: PricedModel['prices']): boolean {
  return /audio/.test(model) && prices.some(({ price }) => price.audio_output === undefined);
}

function conditionOf(entry: Conditional): { from: string | null; daily: DailyWindow | null } {
  const { constraint } = entry;
  if (constraint === undefined) return { from: null, daily: null };
  if (constraint.type === 'start_date') {
    return { from: `${constraint.start_date}T00:00:00.000Z`, daily: null };
  }
  const daily = { start: toUtc(constraint.start_time), end: toUtc(constraint.end_time) };
  return { from: null, daily };
}

/** `HH:MM:SS` with a zone → `HH:MM:SS` in UTC. */
function toUtc(time: string): string {
  return new Date(`2000-01-02T${time}`).toISOString().slice(11, 19);
}

function toPrice(prices: CataloguePrice): ModelPrice | null {
  const price: ModelPrice = {};
  for (const [key, value] of Object.entries(prices)) {
    if (value === undefined || NEVER_READ.has(key)) continue;
    const unit = UNITS[key];
    if (unit === undefined) return null;
    const tiers = toTiers(value, unit);
    const before = price[unit.unit];
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(tiers)) return null;
    price[unit.unit] = tiers;
  }
  // An entry that prices nothing is no price.
  return Object.keys(price).length === 0 ? null : price;
}

function toTiers(
  value: number | { base: number; tiers: { start: number; price: number }[] },
  { times, per }: Scale,
): TieredPrice {
  const tier = (from: number, usd: number) => ({
    from_input_tokens: from,
    pico_usd_per_million: String(divideHalfAwayFromZero(toPico(usd) * times, per)),
  });
  if (typeof value === 'number') return [tier(0, value)];
  // In the catalogue a tier applies to calls with more input than its start; here it begins at its
  // start.
  return [tier(0, value.base), ...value.tiers.map(({ start, price }) => tier(start + 1, price))];
}

/**
 * To the pico-dollar per million: some of the catalogue's prices were computed in floats
 * (0.18000000000000002) or are thirds; no provider's list has more places.
 */
function toPico(usd: number): bigint {
  return parseDecimal(usd.toFixed(PICO_PLACES), PICO_PLACES);
}

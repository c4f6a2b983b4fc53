/**
 * All price lists of the installation, folded from `price_book-…` (I7): which price a model has at
 * an instant, and for how long that answer holds. Yesterday's list still applies to yesterday.
 */
import { type CompiledPrice, compilePrice } from './compile.ts';
import { matchesModel } from './match.ts';
import {
  type DailyWindow,
  listedServiceTiers,
  type PricedModel,
  type PriceVersionPublished,
} from './price.ts';

export type PriceSourceRank = PriceVersionPublished['data']['source'];

/** Higher wins: a price that the operator stated is closer to the truth than a public catalogue. */
const SOURCES: readonly PriceSourceRank[] = ['price_book', 'config', 'catalogue'];

type DatedList = { effectiveFromMs: number; data: PriceVersionPublished['data'] };

/** Lists by `<provider>\n<source>`, later publications last. */
export type PriceListState = { readonly lists: ReadonlyMap<string, readonly DatedList[]> };

export type PriceFound = {
  version: string;
  source: PriceSourceRank;
  /** The entry's own name; the requested name may be a dated variant of it. */
  model: string;
  contextWindow: number | null;
  maxOutputTokens: number | null;
  price: CompiledPrice;
  /** At other tiers of service, by name. Absent: nobody knows what they cost. */
  serviceTiers?: ReadonlyMap<string, CompiledPrice>;
  /** Unix milliseconds until which this answer holds. */
  validUntilMs: number;
};

const DAY_MS = 86_400_000;

export function emptyPriceList(): PriceListState {
  return { lists: new Map() };
}

export function evolvePrices(
  state: PriceListState,
  event: Pick<PriceVersionPublished, 'data'>,
): PriceListState {
  const { provider, source, effective_from: from } = event.data;
  const key = `${provider}\n${source}`;
  const effectiveFromMs = from === null ? Number.NEGATIVE_INFINITY : Date.parse(from);
  const others = state.lists.get(key) ?? [];
  const lists = new Map(state.lists);
  lists.set(key, [...others, { effectiveFromMs, data: event.data }]);
  return { lists };
}

/** The price of a model at an instant, or null: it is unpriced, and the caller refuses it. */
export function findPrice(
  state: PriceListState,
  provider: string,
  model: string,
  atMs: number,
): PriceFound | null {
  let validUntilMs = Number.POSITIVE_INFINITY;
  for (const source of SOURCES) {
    const dated = state.lists.get(`${provider}\n${source}`) ?? [];
    validUntilMs = Math.min(validUntilMs, nextStart(dated, atMs));
    const list = listAt(dated, atMs);
    const entry = list?.models.find(({ match }) => matchesModel(match, model));
    if (list === undefined || entry === undefined) continue;
    const priced = priceInForce(entry, atMs);
    validUntilMs = Math.min(validUntilMs, priced.validUntilMs);
    if (priced.price === null) continue;
    return {
      version: list.version,
      source,
      model: entry.model,
      contextWindow: entry.context_window,
      maxOutputTokens: entry.max_output_tokens,
      price: priced.price,
      ...(priced.serviceTiers === undefined ? {} : { serviceTiers: priced.serviceTiers }),
      validUntilMs,
    };
  }
  return null;
}

/** What a tier of service costs; null: nobody knows. @param tier null: the one that lists are about */
export function priceAtTier(found: PriceFound, tier: string | null): CompiledPrice | null {
  if (listedServiceTiers.has(tier)) return found.price;
  // seam: tier-has-its-own-price
  return found.serviceTiers?.get(tier ?? '') ?? null;
}

/** Before the names of prices by what a picture is like, in a list's tiers of service. */
const PICTURES = 'image-';

/**
 * What a picture of this quality and size costs, where a list has prices by them: `image-hd-1024x1792` among its
 * tiers of service. null: it has others, and none for this one.
 */
export function priceOfPicture(found: PriceFound, picture: string): CompiledPrice | null {
  const names = [...(found.serviceTiers?.keys() ?? [])];
  // seam: picture-has-its-own-price
  if (!names.some((name) => name.startsWith(PICTURES))) return found.price;
  return found.serviceTiers?.get(PICTURES + picture) ?? null;
}

/** Every priced entry of the lists in force, the winning source's first. */
export function listModels(state: PriceListState, provider: string, atMs: number): PricedModel[] {
  const models = new Map<string, PricedModel>();
  for (const source of SOURCES) {
    const list = listAt(state.lists.get(`${provider}\n${source}`) ?? [], atMs);
    for (const model of list?.models ?? []) {
      if (model.prices.length === 0 || models.has(model.model)) continue;
      models.set(model.model, model);
    }
  }
  return [...models.values()];
}

/**
 * The list with the latest start that is not in the future; of equal starts, the later publication.
 */
function listAt(lists: readonly DatedList[], atMs: number): DatedList['data'] | undefined {
  let best: DatedList | undefined;
  for (const list of lists) {
    if (list.effectiveFromMs > atMs) continue;
    if (best === undefined || list.effectiveFromMs >= best.effectiveFromMs) best = list;
  }
  return best?.data;
}

function nextStart(lists: readonly DatedList[], atMs: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { effectiveFromMs } of lists) {
    if (effectiveFromMs > atMs && effectiveFromMs < next) next = effectiveFromMs;
  }
  return next;
}

type InForce = Pick<PriceFound, 'serviceTiers'> & {
  price: CompiledPrice | null;
  validUntilMs: number;
};

function priceInForce(entry: PricedModel, atMs: number): InForce {
  let found: PricedModel['prices'][number] | null = null;
  let validUntilMs = Number.POSITIVE_INFINITY;
  for (const candidate of entry.prices) {
    const fromMs = candidate.from === null ? Number.NEGATIVE_INFINITY : Date.parse(candidate.from);
    if (fromMs > atMs) {
      validUntilMs = Math.min(validUntilMs, fromMs);
      continue;
    }
    if (candidate.daily !== null) {
      validUntilMs = Math.min(validUntilMs, nextDailyEdge(candidate.daily, atMs));
      if (!withinDaily(candidate.daily, atMs)) continue;
    }
    found = candidate;
  }
  if (found === null) return { price: null, validUntilMs };
  const price = compilePrice(found.price);
  if (found.service_tiers === undefined) return { price, validUntilMs };
  const tiers = Object.entries(found.service_tiers);
  return {
    ...{ price, validUntilMs },
    serviceTiers: new Map(tiers.map(([tier, its]) => [tier, compilePrice(its)])),
  };
}

/** Start inclusive, end exclusive; a window whose start is after its end spans midnight. */
function withinDaily(window: DailyWindow, atMs: number): boolean {
  const time = timeOfDay(atMs);
  const start = parseTime(window.start);
  const end = parseTime(window.end);
  return start <= end ? time >= start && time < end : time >= start || time < end;
}

function nextDailyEdge(window: DailyWindow, atMs: number): number {
  const time = timeOfDay(atMs);
  const midnight = atMs - time;
  const edges = [parseTime(window.start), parseTime(window.end)];
  return Math.min(...edges.map((edge) => midnight + (edge > time ? edge : edge + DAY_MS)));
}

function timeOfDay(atMs: number): number {
  return ((atMs % DAY_MS) + DAY_MS) % DAY_MS;
}

function parseTime(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

import { calcPrice, waitForUpdate } from '@pydantic/genai-prices';
import { costOf } from '@tollgate/domain/pricing/cost.ts';
import {
  emptyPriceList,
  evolvePrices,
  findPrice,
  type PriceListState,
  priceOfPicture,
} from '@tollgate/domain/pricing/price-list.ts';
import { type KnownQuantities, noQuantities } from '@tollgate/domain/usage/quantities.ts';
import { priceVersion } from '@tollgate/schemas/ledger/price-version.ts';
import { describe, expect, it } from 'vitest';
import { readCatalogue } from './genai-prices.ts';

const catalogue = await readCatalogue();
const providers = (await waitForUpdate()) ?? [];

/** Uncached input, cached, written, output, reasoning: around the tiers that the catalogue has. */
const shapes = [
  [1000, 0, 0, 500, 0],
  [0, 0, 0, 0, 0],
  [100, 900, 0, 7, 0],
  [100, 20, 30, 7, 0],
  ...[128_000, 200_000, 256_000, 272_000].flatMap((bound) => [
    [bound, 0, 0, 10, 0],
    [bound + 1, 0, 0, 10, 0],
    [bound - 10, 11, 0, 10, 0],
  ]),
] as [number, number, number, number, number][];
const times = ['2026-01-05T03:00:00Z', '2026-11-24T20:00:00Z', '2027-06-01T07:30:00Z'];

const METERED =
  /^(input|output|cache_read|cache_write|cache_write_1h|input_audio|output_audio)_mtok$/;
const METERED_TOO = /^(output_reasoning_mtok|requests_kcount|.*_searches_kcount|cache_audio.*)$/;

function isUnmetered(price: Record<string, unknown>): boolean {
  const keys = Object.keys(price).filter((key) => price[key] !== undefined);
  const caused = keys.filter((key) => !/_1h_|_searches_|cache_audio/.test(key));
  return caused.length === 0 || !keys.every((key) => METERED.test(key) || METERED_TOO.test(key));
}

/** Speech costs many times what text costs, and this list says only what text costs. */
function isSpoken({ model, model_price }: NonNullable<ReturnType<typeof calcPrice>>): boolean {
  return /audio/.test(model.id) && model_price.output_audio_mtok === undefined;
}

type Theirs = (typeof providers)[number];

/** What differs, or null. */
function difference(
  state: PriceListState,
  provider: Theirs,
  model: string,
  at: string,
): string | null {
  const providerId = provider.id;
  const found = findPrice(state, providerId, model, Date.parse(at));
  const known = calcPrice({}, model, { provider, timestamp: new Date(at) });
  if (found === null || known === null) {
    // Billed by units that we do not meter, or a family's name that no call can have.
    const isLeftOut = known !== null && (isUnmetered(known.model_price) || isSpoken(known));
    return known === null || isLeftOut === (found === null)
      ? null
      : `${providerId}/${model} has no price`;
  }
  // Their search through all models of the provider, for each usage, took most of the time.
  const alone = { ...provider, models: [known.model] };
  for (const [input, read, write, output, reasoning] of shapes) {
    const usage = {
      input_tokens: input + read + write,
      cache_read_tokens: read,
      cache_write_tokens: write,
      output_tokens: output + reasoning,
    };
    const priced = calcPrice(usage, model, { provider: alone, timestamp: new Date(at) });
    const theirs = priced?.total_price ?? 0;
    const quantities = {
      ...noQuantities(),
      inputTokens: input,
      cacheReadTokens: read,
      cacheWriteTokens: write,
      outputTokens: output,
      reasoningTokens: reasoning,
      requests: 1,
    };
    const cost = costOf(found.price, quantities);
    // I8: a list that says nothing of output does not say that it is free.
    if (cost === null && known.model_price.output_mtok === undefined) continue;
    const ours = cost === null ? Number.NaN : Number(cost) / 1e12;
    if (!(Math.abs(ours - theirs) <= 1e-9 * Math.abs(theirs) + 1e-12)) {
      return `${providerId}/${model} at ${at}, ${JSON.stringify(usage)}: ${ours}, not ${theirs}`;
    }
  }
  return null;
}

/** A few seconds on idle cores: it may be more than the tier's limit when they are shared. */
const EXHAUSTIVE_MS = 60_000;

describe('the built-in price catalogue', () => {
  it('is a valid price list for every provider', () => {
    expect(catalogue.length).toBeGreaterThan(40);
    for (const list of catalogue) expect(priceVersion.safeParse(list).error).toBe(undefined);
  });

  it(
    'I7: agrees with calcPrice on every model, at every tier and date, within float error',
    () => {
      const differences = catalogue.flatMap((list) => {
        const provider = providers.find(({ id }) => id === list.provider);
        if (provider === undefined) return [`${list.provider} is not theirs`];
        const state = evolvePrices(emptyPriceList(), { data: list });
        return list.models.flatMap(({ model }) =>
          times.flatMap((at) => difference(state, provider, model, at) ?? []),
        );
      });
      expect(differences).toEqual([]);
    },
    EXHAUSTIVE_MS,
  );

  it('I8: leaves out only models that are billed by what we do not meter', () => {
    const all = catalogue.flatMap(({ models }) => models);
    const priced = all.filter(({ prices }) => prices.length > 0);
    expect(priced.length).toBeGreaterThan(1400);
  });
});

describe('what OpenAI sells by something else than tokens', () => {
  const prices = catalogue.reduce((state, data) => evolvePrices(state, { data }), emptyPriceList());
  const costs = (model: string, used: Partial<KnownQuantities>, picture?: string) => {
    const found = findPrice(prices, 'openai', model, Date.UTC(2026, 0, 1));
    if (found === null) return null;
    const price = picture === undefined ? found.price : priceOfPicture(found, picture);
    return price === null ? null : costOf(price, { ...noQuantities(), ...used, requests: 1 });
  };

  it.each<[string, Partial<KnownQuantities>, string | undefined, bigint | null]>([
    ['omni-moderation-latest', {}, undefined, 0n],
    ['tts-1', { characters: 1_000_000 }, undefined, 15_000_000_000_000n],
    ['tts-1-hd', { characters: 2 }, undefined, 60_000_000n],
    ['dall-e-3', { images: 1 }, 'standard-1024x1024', 40_000_000_000n],
    ['dall-e-3', { images: 2 }, 'hd-1792x1024', 240_000_000_000n],
    ['dall-e-3', { images: 1 }, 'auto-auto', null],
    ['dall-e-2', { images: 1 }, 'standard-256x256', 16_000_000_000n],
    ['whisper-1', { audioSeconds: 60 }, undefined, 6_000_000_000n],
  ])('%s: %j as %s costs %s', (model, used, picture, cost) => {
    expect(costs(model, used, picture)).toBe(cost);
  });
});

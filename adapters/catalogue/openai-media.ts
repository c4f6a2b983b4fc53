/**
 * Models of OpenAI's that are sold by the picture or by the character, or for nothing: the catalogue's package has
 * no place for such prices. They are what OpenAI lists; a price of the operator's own comes before them.
 */
import { parseDecimal } from '@tollgate/domain/money/money.ts';
import type { ModelPrice, PricedModel, PricedUnit } from '@tollgate/domain/pricing/price.ts';

const PICO_PLACES = 12;
const MILLION = 1_000_000n;

function each(unit: PricedUnit, usd: string): ModelPrice {
  const pico = parseDecimal(usd, PICO_PLACES) * MILLION;
  return { [unit]: [{ from_input_tokens: 0, pico_usd_per_million: String(pico) }] };
}

type Prices = Readonly<Record<string, string>>;

/** @param by quality and size, and what a picture of them costs: the first is what is drawn unless asked */
function pictures(by: Prices): Pick<PricedModel['prices'][number], 'price' | 'service_tiers'> {
  const all = Object.entries(by).map(
    ([name, usd]) => [`image-${name}`, each('image', usd)] as const,
  );
  const [usual] = all as [(typeof all)[number]];
  return { price: usual[1], service_tiers: Object.fromEntries(all) };
}

function model(
  name: string,
  price: Pick<PricedModel['prices'][number], 'price' | 'service_tiers'>,
  match: PricedModel['match'] = { equals: name },
): PricedModel {
  const limits = { context_window: null, max_output_tokens: null };
  return { model: name, match, ...limits, prices: [{ from: null, daily: null, ...price }] };
}

const FREE = { price: each('input', '0') };

export const openAiMedia: readonly PricedModel[] = [
  model('omni-moderation', FREE, { starts_with: 'omni-moderation-' }),
  model('text-moderation', FREE, { starts_with: 'text-moderation-' }),
  model('tts-1', { price: each('character', '0.000015') }, oneOf('tts-1', 'tts-1-1106')),
  model('tts-1-hd', { price: each('character', '0.00003') }, oneOf('tts-1-hd', 'tts-1-hd-1106')),
  model(
    'dall-e-3',
    pictures({
      'standard-1024x1024': '0.04',
      'standard-1024x1792': '0.08',
      'standard-1792x1024': '0.08',
      'hd-1024x1024': '0.08',
      'hd-1024x1792': '0.12',
      'hd-1792x1024': '0.12',
    }),
  ),
  model(
    'dall-e-2',
    pictures({
      'standard-1024x1024': '0.02',
      'standard-512x512': '0.018',
      'standard-256x256': '0.016',
    }),
  ),
];

function oneOf(...names: readonly string[]): PricedModel['match'] {
  return { or: names.map((equals) => ({ equals })) };
}

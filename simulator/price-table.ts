/**
 * What the simulated provider sells: its models, their limits and their prices. The table is the
 * simulator's own and shares nothing with the gateway's catalogue; prices are US dollars as
 * decimal text, per million tokens unless the name says otherwise.
 */
import type { MediaPrices } from './media/media-prices.ts';

export type PriceTier = {
  /** The tier holds for requests of at most this many input tokens, cached ones included. */
  readonly inputTokensMax: number;
  readonly inputUsd: string;
  readonly cachedInputUsd: string;
  /** Absent: a write costs as any input does. */
  readonly cacheWriteUsd?: string;
  readonly cacheWrite1hUsd?: string;
  readonly outputUsd: string;
  readonly reasoningUsd: string;
};

export type Model = {
  readonly id: string;
  readonly endpoint: 'chat' | 'embeddings' | 'media';
  readonly contextTokens: number;
  /** Per choice, reasoning included; 0 for a model that generates nothing. */
  readonly outputTokensMax: number;
  readonly reasons: boolean;
  readonly requestUsd: string;
  /** One search of the web. */
  readonly searchUsd: string;
  /** What it is sold by besides tokens of text. */
  readonly media?: MediaPrices;
  /** Ascending; the whole request is priced in the first tier that holds its input. */
  readonly tiers: readonly PriceTier[];
};

/** How a tier of service is priced: its share of what tokens cost by the list. */
export const serviceTiers = {
  default: { percent: 100 },
  flex: { percent: 50 },
  batch: { percent: 50 },
  priority: { percent: 175 },
} as const;

export type ServiceTier = keyof typeof serviceTiers;

const ANY_SIZE = Number.POSITIVE_INFINITY;

/** Judgements for nothing; pictures, speech and transcripts by the token, and by other measures. */
function mediaModels(): Model[] {
  const sold = (id: string, inputUsd: string, outputUsd: string, media: MediaPrices): Model => ({
    ...{ id, endpoint: 'media', contextTokens: 400_000, outputTokensMax: 0, reasons: false, media },
    ...{ requestUsd: '0', searchUsd: '0', tiers: [tier(ANY_SIZE, inputUsd, inputUsd, outputUsd)] },
  });
  const pictureUsd = {
    ...{ 'standard-1024x1024': '0.04', 'standard-1792x1024': '0.08' },
    ...{ 'hd-1024x1024': '0.08', 'hd-1792x1024': '0.12' },
  };
  return [
    sold('sim-moderation', '0', '0', {}),
    sold('sim-image', '5', '10', { imageInputUsd: '10', imageOutputUsd: '40' }),
    sold('sim-painter', '0', '0', { pictureUsd }),
    sold('sim-tts', '0', '0', { characterUsd: '0.000015' }),
    sold('sim-voice', '0.60', '0', { audioOutputUsd: '12' }),
    sold('sim-whisper', '0', '0', { secondUsd: '0.0001' }),
    sold('sim-transcribe', '2.50', '10', { audioInputUsd: '6' }),
  ];
}
const chat = {
  endpoint: 'chat',
  contextTokens: 400_000,
  outputTokensMax: 16_384,
  reasons: false,
  requestUsd: '0',
  searchUsd: '0.01',
} as const;

function tier(
  inputTokensMax: number,
  inputUsd: string,
  cachedInputUsd: string,
  outputUsd: string,
): PriceTier {
  return { inputTokensMax, inputUsd, cachedInputUsd, outputUsd, reasoningUsd: outputUsd };
}

const table: readonly Model[] = [
  { ...chat, id: 'sim-small', tiers: [tier(ANY_SIZE, '0.15', '0.075', '0.60')] },
  { ...chat, id: 'sim-large', tiers: [tier(ANY_SIZE, '2.50', '1.25', '10.00')] },
  {
    ...chat,
    id: 'sim-reasoner',
    outputTokensMax: 65_536,
    reasons: true,
    tiers: [tier(ANY_SIZE, '1.10', '0.275', '4.40')],
  },
  {
    ...chat,
    id: 'sim-tiered',
    contextTokens: 1_000_000,
    tiers: [tier(200_000, '1.25', '0.31', '10.00'), tier(ANY_SIZE, '2.50', '0.625', '15.00')],
  },
  {
    // Nearly every count of tokens leaves a fraction of a pico-dollar here.
    ...chat,
    id: 'sim-odd',
    requestUsd: '0.000123456789',
    tiers: [tier(ANY_SIZE, '0.0333333', '0.0166667', '0.1000001')],
  },
  {
    ...chat,
    id: 'sim-embed',
    endpoint: 'embeddings',
    outputTokensMax: 0,
    tiers: [tier(ANY_SIZE, '0.02', '0.02', '0')],
  },
  // A model that is sold elsewhere, at its own price: a newcomer's first call is for it.
  {
    ...chat,
    id: 'gpt-4o',
    contextTokens: 128_000,
    tiers: [tier(ANY_SIZE, '2.50', '1.25', '10.00')],
  },
  {
    // As Anthropic sells: writes to the cache cost more than input, and for an hour twice as much.
    ...chat,
    id: 'sim-claude',
    outputTokensMax: 64_000,
    tiers: [
      {
        ...tier(ANY_SIZE, '3', '0.30', '15'),
        ...{ cacheWriteUsd: '3.75', cacheWrite1hUsd: '6' },
      },
    ],
  },
  {
    // As Google sells: it thinks, the price rises with the prompt, and a search costs more.
    ...chat,
    id: 'sim-gemini',
    contextTokens: 1_000_000,
    outputTokensMax: 65_536,
    reasons: true,
    searchUsd: '0.014',
    tiers: [tier(200_000, '1.25', '0.125', '10'), tier(ANY_SIZE, '2.50', '0.25', '15')],
  },
  ...mediaModels(),
  // Served and charged, but a gateway is meant to have no price for it.
  { ...chat, id: 'sim-unpriced', tiers: [tier(ANY_SIZE, '1', '1', '1')] },
];

/** Every model served, by its id. */
export const models: ReadonlyMap<string, Model> = new Map(table.map((m) => [m.id, m]));

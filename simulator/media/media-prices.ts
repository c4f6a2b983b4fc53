/** What is sold by another kind of token, by the piece, or by a length, in US dollars. */
import { type Rational, rationalOf, scaled, sum, zero } from '../pricing/rational.ts';

export type MediaPrices = {
  /** Per million tokens. */
  readonly imageInputUsd?: string;
  readonly imageOutputUsd?: string;
  readonly audioInputUsd?: string;
  readonly audioOutputUsd?: string;
  /** A picture, by its quality and size. */
  readonly pictureUsd?: Readonly<Record<string, string>>;
  readonly secondUsd?: string;
  readonly characterUsd?: string;
};

/** What one attempt used of it. */
export type MediaUse = {
  readonly imageInputTokens?: number;
  readonly imageOutputTokens?: number;
  readonly audioInputTokens?: number;
  readonly audioOutputTokens?: number;
  readonly images?: number;
  /** Quality and size. */
  readonly picture?: string;
  readonly seconds?: number;
  readonly characters?: number;
};

const MILLION = 1_000_000n;

export function mediaCost(prices: MediaPrices, used: MediaUse): Rational {
  const picture = prices.pictureUsd?.[used.picture ?? ''];
  const parts: [string | undefined, number | undefined, bigint][] = [
    [prices.imageInputUsd, used.imageInputTokens, MILLION],
    [prices.imageOutputUsd, used.imageOutputTokens, MILLION],
    [prices.audioInputUsd, used.audioInputTokens, MILLION],
    [prices.audioOutputUsd, used.audioOutputTokens, MILLION],
    [picture, used.images, 1n],
    [prices.secondUsd, used.seconds, 1n],
    [prices.characterUsd, used.characters, 1n],
  ];
  return parts.reduce((cost, [usd, count = 0, per]) => {
    if (count === 0) return cost;
    if (usd === undefined) throw new Error('a model used what it is not sold by');
    return sum(cost, scaled(rationalOf(usd), count, per));
  }, zero);
}

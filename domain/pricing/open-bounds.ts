/**
 * What an operator says is the most that those parts of a request can use which nothing in the request
 * bounds: media, what a provider has stored, searches (docs/design.md, Hold). What a provider bills
 * above it is an overrun.
 */
export const mediaKinds = ['image', 'audio', 'video', 'file'] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** Per part, per call, per search; null: the operator gives no bound. */
export type OpenBounds = {
  tokensPer: Readonly<Record<MediaKind, number | null>>;
  /** Input that a call takes from what its provider has stored: a conversation, a cached content. */
  tokensStored: number | null;
  searches: SearchBound | null;
  /** Of a recording whose length is billed. Absent: the operator gives none. */
  secondsPerAudio?: number | undefined;
};

export type SearchBound = { perCall: number; picoUsdEach: bigint; tokensEach: number };

/** The parts of a request that need such a bound. */
export type OpenParts = {
  /** `bytes` of the body that are no text: media in a data URL. */
  media: Readonly<Record<MediaKind, { count: number; bytes: number }>>;
  stored: boolean;
  searches: boolean;
};

export type OpenBound = {
  /** Beyond what the body's bytes bound; below 0 where those bytes are media and no text. */
  inputTokens: number;
  feePicoUsd: bigint;
  /** Absent: the call makes none. */
  searchesMax?: number;
};

/** @returns null: a part needs a bound that the operator does not give */
export function openBound(parts: OpenParts, bounds: OpenBounds): OpenBound | null {
  let inputTokens = 0;
  for (const kind of mediaKinds) {
    const { count, bytes } = parts.media[kind];
    if (count === 0) continue;
    const each = bounds.tokensPer[kind];
    if (each === null) return null;
    inputTokens += count * each - bytes;
  }
  if (parts.stored) {
    if (bounds.tokensStored === null) return null;
    inputTokens += bounds.tokensStored;
  }
  if (parts.searches) {
    if (bounds.searches === null) return null;
    const { perCall, picoUsdEach, tokensEach } = bounds.searches;
    inputTokens += perCall * tokensEach;
    return { inputTokens, feePicoUsd: BigInt(perCall) * picoUsdEach, searchesMax: perCall };
  }
  return { inputTokens, feePicoUsd: 0n };
}

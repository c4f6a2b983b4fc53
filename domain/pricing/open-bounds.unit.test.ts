import { describe, expect, it } from 'vitest';
import { type OpenBounds, type OpenParts, openBound } from './open-bounds.ts';

const NONE = { count: 0, bytes: 0 };
const parts = (given: Partial<Omit<OpenParts, 'media'>>, media: object = {}): OpenParts => ({
  media: { image: NONE, audio: NONE, video: NONE, file: NONE, ...media },
  ...{ stored: false, searches: false, ...given },
});
const ALL: OpenBounds = {
  tokensPer: { image: 1_500, audio: 2_000, video: 9_000, file: 5_000 },
  tokensStored: 100_000,
  searches: { perCall: 3, picoUsdEach: 10n, tokensEach: 8_000 },
};
const NOTHING: OpenBounds = {
  tokensPer: { image: null, audio: null, video: null, file: null },
  tokensStored: null,
  searches: null,
};

describe('I3: what a request does not bound', () => {
  it.each<[string, OpenParts, number, bigint]>([
    ['pictures, each', parts({}, { image: { count: 2, bytes: 0 } }), 3_000, 0n],
    // litellm#32865: 633,912 tokens were reserved for a picture of a thousand.
    [
      'a picture in the body, without its bytes',
      parts({}, { image: { count: 1, bytes: 900_000 } }),
      -898_500,
      0n,
    ],
    ['a stored conversation', parts({ stored: true }), 100_000, 0n],
    ['searches: what they add, and their fees', parts({ searches: true }), 24_000, 30n],
    [
      'all of them together',
      parts({ stored: true, searches: true }, { file: { count: 1, bytes: 0 } }),
      129_000,
      30n,
    ],
  ])('is held at the operator’s bound: %s', (_, open, inputTokens, feePicoUsd) => {
    const searches = open.searches ? { searchesMax: 3 } : {};
    expect(openBound(open, ALL)).toEqual({ inputTokens, feePicoUsd, ...searches });
  });

  it.each<[string, OpenParts]>([
    ['a picture', parts({}, { image: { count: 1, bytes: 0 } })],
    ['a stored conversation', parts({ stored: true })],
    ['a search', parts({ searches: true })],
  ])('has none without that very bound: %s', (_, open) => {
    expect(openBound(open, NOTHING)).toBeNull();
    expect(
      openBound(open, { ...NOTHING, tokensPer: { ...ALL.tokensPer, image: null } }),
    ).toBeNull();
  });
});

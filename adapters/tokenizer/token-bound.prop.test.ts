import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Encoding, tokenBound } from './token-bound.ts';

const require = createRequire(import.meta.url);
const ENCODINGS: readonly Encoding[] = ['o200k_base', 'cl100k_base'];
const whole = (text: string, encoding: Encoding): number =>
  require(`gpt-tokenizer/cjs/encoding/${encoding}`).countTokens(text, {
    disallowedSpecial: new Set(),
  });

/** Words, signs, spaces and scripts in the ways in which a cut could go wrong. */
const scraps = fc.constantFrom(
  ...['the', 'Cat', "don't", "'LL", 'naïve', 'é', 'e\u0301', 'ß', 'x1y2', '2026', '1234567'],
  ...[' ', '  ', '\n', '\r\n', '\t', '\n\n  ', '\u00a0', '\u3000', ' ', ' ', ' '],
  ...['.', ',', '...', '//', '\\n', '"', "'", '’', '{"a":1}', '<|endoftext|>', '---'],
  ...['日本語', '中文字', '한국어', 'العربية', 'हिन्दी', 'ไทย', '🙂', '👩‍👩‍👧', '𝒜', '\ud800'],
);
const texts = fc.array(scraps, { maxLength: 700 }).map((parts) => parts.join(''));

describe.each(ENCODINGS)('the bound of a text by %s', (encoding) => {
  it('I3: is never below what the tokenizer counts, and its bytes never below the bound', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const bound = tokenBound(text, encoding);
        expect(bound).toBeGreaterThanOrEqual(whole(text, encoding));
        expect(bound).toBeLessThanOrEqual(Buffer.byteLength(text));
      }),
      { numRuns: 300 },
    );
  });

  it('is what the tokenizer counts, of words', () => {
    const words = Array.from({ length: 3_000 }, (_, n) => `word${n % 97} of ${n}, it's the next`);
    const text = words.join(' ');
    expect(tokenBound(text, encoding)).toBe(whole(text, encoding));
  });

  it('of a run that cannot be cut is its bytes', () => {
    expect(tokenBound('日'.repeat(600), encoding)).toBe(1_800);
    expect(tokenBound(`a ${'b'.repeat(513)} c`, encoding)).toBeGreaterThanOrEqual(514);
  });

  // Conway-Research/automaton#332, EKKOLearnAI/hermes-studio#1640: such a run takes minutes whole.
  it('of a megabyte without a space is there at once', () => {
    expect(tokenBound('a'.repeat(1_000_000), encoding)).toBe(1_000_000);
  });
});

import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from './tokenizer.ts';

const require = createRequire(import.meta.url);
const { countTokens } = require('gpt-tokenizer/cjs/encoding/o200k_base') as {
  countTokens: (text: string) => number;
};

describe('token estimates', () => {
  it('count as the provider’s tokenizer does, and never throw on control tokens', () => {
    expect([estimateTokens('hello world'), estimateTokens('')]).toEqual([2, 0]);
    expect(estimateTokens('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('estimate long texts by their bytes', () => {
    expect(estimateTokens('a'.repeat(1_000_000))).toBe(250_000);
  });

  it('count as the tokenizer does, to one percent, however long a text of words is', () => {
    const words = Array.from({ length: 4_000 }, (_, n) => `word${n % 97} of ${n}, and the next`);
    for (const length of [1, 10, 100, 2_000]) {
      const text = words.slice(0, length).join(' ');
      const whole = countTokens(text);
      expect(Math.abs(estimateTokens(text) - whole)).toBeLessThanOrEqual(whole / 100);
    }
  });

  // The tokenizer alone takes 9 s for this text, and no other call is served meanwhile.
  it('count a long run without spaces in pieces', () => {
    const tokens = estimateTokens('日'.repeat(60_000));
    expect(tokens).toBeGreaterThan(20_000);
    expect(tokens).toBeLessThanOrEqual(60_000);
  });
});

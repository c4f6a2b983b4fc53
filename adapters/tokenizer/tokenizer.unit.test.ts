import { describe, expect, it } from 'vitest';
import { estimateTokens } from './tokenizer.ts';

describe('token estimates', () => {
  it('count as the provider’s tokenizer does, and never throw on control tokens', () => {
    expect([estimateTokens('hello world'), estimateTokens('')]).toEqual([2, 0]);
    expect(estimateTokens('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('estimate long texts by their bytes', () => {
    expect(estimateTokens('a'.repeat(1_000_000))).toBe(250_000);
  });
});

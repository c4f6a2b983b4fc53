import { describe, expect, it } from 'vitest';
import { quantitiesFromOpenAiUsage } from './openai-usage.ts';

const read = quantitiesFromOpenAiUsage;

describe('OpenAI usage becomes disjoint buckets', () => {
  it('takes cached, reasoning and audio tokens out of the totals they are part of', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 30, audio_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 4 },
    };
    expect(read(usage)).toEqual({
      inputTokens: 65,
      cacheReadTokens: 30,
      cacheWriteTokens: 0,
      audioInputTokens: 5,
      outputTokens: 26,
      reasoningTokens: 20,
      audioOutputTokens: 4,
      images: 0,
      requests: 1,
    });
  });

  it('I8: an explicit zero is a value (litellm#37992)', () => {
    const known = read({ prompt_tokens: 0, completion_tokens: 0 });
    expect([known?.inputTokens, known?.outputTokens, known?.requests]).toEqual([0, 0, 1]);
  });

  it.each([
    ['nothing', null],
    ['a number', 3],
    ['no prompt tokens', { completion_tokens: 3 }],
    ['no completion tokens', { prompt_tokens: 3 }],
    ['a total with more in it', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 1000 }],
    ['a negative count', { prompt_tokens: -1 }],
    ['a fraction', { prompt_tokens: 1.5 }],
    ['a text', { prompt_tokens: '12' }],
    ['more cached than prompt', { prompt_tokens: 1, prompt_tokens_details: { cached_tokens: 2 } }],
    ['beyond 2^53', { prompt_tokens: 2 ** 60 }],
    ['beyond a billion', { prompt_tokens: 1, completion_tokens: 1_000_000_001 }],
    ['details that are no object', { prompt_tokens: 1, prompt_tokens_details: 7 }],
  ])('I8: %s is unknown, not zero', (_, usage) => {
    expect(read(usage)).toBe(null);
  });

  it('reads embeddings, which have no completion', () => {
    expect(read({ prompt_tokens: 8, total_tokens: 8 })?.inputTokens).toBe(8);
  });
});

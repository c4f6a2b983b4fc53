import { describe, expect, it } from 'vitest';
import { quantitiesFromOpenAiUsage } from './openai-usage.ts';

const read = quantitiesFromOpenAiUsage;

/** Ten tokens each way, with details of one of them. */
function stating(whole: 'prompt' | 'completion', details: unknown) {
  return { prompt_tokens: 10, completion_tokens: 10, [`${whole}_tokens_details`]: details };
}

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
    ...(
      [
        ['prompt', 'cached_tokens'],
        ['prompt', 'cache_write_tokens'],
        ['prompt', 'audio_tokens'],
        ['completion', 'reasoning_tokens'],
        ['completion', 'audio_tokens'],
      ] as const
    ).flatMap(([whole, part]): [string, object][] => [
      [`a text as ${part} of the ${whole}`, stating(whole, { [part]: '1' })],
      [`more ${part} than ${whole}`, stating(whole, { [part]: 11 })],
    ]),
    ['a list as details of the prompt', stating('prompt', [])],
    ['a text as details of the prompt', stating('prompt', 'none')],
    ['a number as details of the completion', stating('completion', 7)],
    ['a fraction of a prompt', { prompt_tokens: 1.5, completion_tokens: 1 }],
    ['a text as prompt', { prompt_tokens: '12', completion_tokens: 1 }],
    ['a negative prompt', { prompt_tokens: -1, completion_tokens: 1 }],
    ['a null prompt', { prompt_tokens: null, completion_tokens: 1 }],
  ])('I8: %s is unknown, not zero', (_, usage) => {
    expect(read(usage)).toBe(null);
  });

  it('takes cache writes out of the prompt that they are part of', () => {
    const usage = { ...stating('prompt', { cached_tokens: 2, cache_write_tokens: 3 }) };
    const { inputTokens, cacheReadTokens, cacheWriteTokens } = read(usage) ?? {};
    expect([inputTokens, cacheReadTokens, cacheWriteTokens]).toEqual([5, 2, 3]);
  });

  it('I8: knows a count of a billion, and a part that is the whole', () => {
    const most = { prompt_tokens: 1_000_000_000, completion_tokens: 0 };
    expect(read(most)?.inputTokens).toBe(1_000_000_000);
    expect(read(stating('prompt', { cached_tokens: 10 }))?.inputTokens).toBe(0);
    expect(read(stating('completion', { audio_tokens: 10 }))?.outputTokens).toBe(0);
  });

  it('I8: takes absent and null details, and null counts in them, for none', () => {
    const known = { ...read({ prompt_tokens: 10, completion_tokens: 10 }) };
    expect(read(stating('prompt', null))).toEqual(known);
    expect(read(stating('completion', { reasoning_tokens: null }))).toEqual(known);
  });

  it('reads embeddings, which have no completion', () => {
    expect(read({ prompt_tokens: 8, total_tokens: 8 })?.inputTokens).toBe(8);
  });
});

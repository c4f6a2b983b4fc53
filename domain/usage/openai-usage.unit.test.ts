import { describe, expect, it } from 'vitest';
import { readOpenAiUsage } from './openai-usage.ts';
import { type KnownQuantities, noQuantities } from './quantities.ts';

function read(usage: unknown, generates = true): KnownQuantities | null {
  const reading = readOpenAiUsage(usage, generates);
  return reading.kind === 'stated' ? reading.quantities : null;
}

/** Input, cache read, cache write, output, reasoning, audio in, audio out; or why there are none. */
function told(usage: unknown, generates = true): readonly number[] | string {
  const reading = readOpenAiUsage(usage, generates);
  if (reading.kind === 'nothing') return 'nothing';
  if (reading.kind === 'unclear') return reading.doubt;
  const q = reading.quantities;
  return [
    ...[q.inputTokens, q.cacheReadTokens, q.cacheWriteTokens, q.outputTokens, q.reasoningTokens],
    ...[q.audioInputTokens, q.audioOutputTokens],
  ];
}

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
      prompt_tokens_details: {
        cached_tokens: 30,
        audio_tokens: 5,
        cached_tokens_details: { text_tokens: 30, audio_tokens: 0 },
      },
      completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 4 },
    };
    expect(read(usage)).toEqual({
      ...noQuantities(),
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

const totals = { prompt_tokens: 1000, completion_tokens: 10, total_tokens: 1010 };
const cached = [100, 900, 0, 10, 0, 0, 0];
const written = [100, 0, 900, 10, 0, 0, 0];

describe('a count is read under all of its names, once', () => {
  it.each([
    // NousResearch/hermes-agent#61871
    [
      'DeepSeek',
      { ...totals, prompt_cache_hit_tokens: 900, prompt_cache_miss_tokens: 100 },
      cached,
    ],
    // Bike4Mind/bike4mind#1089
    ['Moonshot', { ...totals, cached_tokens: 900 }, cached],
    [
      'three names of one count',
      {
        ...{ ...totals, cached_tokens: 900, prompt_cache_hit_tokens: 900 },
        prompt_tokens_details: { cached_tokens: 900 },
      },
      cached,
    ],
    ['Anthropic’s name, inside by the total', { ...totals, cache_read_input_tokens: 900 }, cached],
    [
      'Anthropic’s name, outside by the total',
      {
        prompt_tokens: 100,
        completion_tokens: 10,
        total_tokens: 1010,
        cache_read_input_tokens: 900,
      },
      cached,
    ],
    [
      'Anthropic’s own usage, which has no total',
      { input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 900 },
      cached,
    ],
    [
      'Anthropic’s writes',
      {
        ...{ input_tokens: 100, output_tokens: 10, cache_creation_input_tokens: 900 },
        cache_creation: { ephemeral_5m_input_tokens: 900, ephemeral_1h_input_tokens: 0 },
      },
      written,
    ],
    [
      'writes in the details',
      { ...totals, prompt_tokens_details: { cache_creation_tokens: 900 } },
      written,
    ],
    [
      'the Responses API',
      {
        ...{ input_tokens: 1000, output_tokens: 10, total_tokens: 1010 },
        input_tokens_details: { cached_tokens: 900 },
        output_tokens_details: { reasoning_tokens: 0 },
      },
      cached,
    ],
    [
      'a gateway that states both, one without the cache',
      { ...totals, input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 900 },
      cached,
    ],
    [
      'fields that a server left at zero',
      { ...totals, input_tokens: 0, output_tokens: 0 },
      [1000, 0, 0, 10, 0, 0, 0],
    ],
    [
      'Gemini',
      {
        ...{ promptTokenCount: 1000, candidatesTokenCount: 10, totalTokenCount: 1057 },
        ...{ cachedContentTokenCount: 900, thoughtsTokenCount: 40, toolUsePromptTokenCount: 7 },
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1000 }],
      },
      [107, 900, 0, 10, 40, 0, 0],
    ],
    [
      'the difference of a prompt and a total',
      { prompt_tokens: 30, total_tokens: 42 },
      [30, 0, 0, 12, 0, 0, 0],
    ],
    // vercel/ai#1651: Groq states seconds as well.
    [
      'seconds, costs and speeds next to it',
      {
        ...{ ...totals, queue_time: 0.02, prompt_time: 0.1, total_time: 1.5, cost: 0.0432 },
        ...{ cost_details: { upstream: 0.1 }, tokens_per_second: 88.5, is_byok: true },
      },
      [1000, 0, 0, 10, 0, 0, 0],
    ],
  ] satisfies [string, unknown, readonly number[]][])('%s', (_, usage, expected) => {
    expect(told(usage)).toEqual(expected);
  });

  it.each([
    [{ total_tokens: 8 }, 8],
    [{ prompt_tokens: 8 }, 8],
    [{ input_tokens: 8, prompt_tokens: 0 }, 8],
    [{ prompt_tokens: 8, total_tokens: 8, completion_tokens: 0 }, 8],
  ])('of what has no output, %j is the input', (usage, input) => {
    expect(told(usage, false)).toEqual([input, 0, 0, 0, 0, 0, 0]);
  });

  it('of what has no output, a total that is another than the prompt is not known', () => {
    expect(told({ prompt_tokens: 8, total_tokens: 9 }, false)).toBe('usage_contradictory');
    expect(told({}, false)).toBe('nothing');
    expect(told({ cached_tokens: 3 }, false)).toBe('usage_incomplete');
  });
});

describe('parts that overlap or are outside', () => {
  const stating = (completion: number, total: number, reasoning_tokens: number) =>
    told({
      ...{ prompt_tokens: 500, completion_tokens: completion, total_tokens: total },
      completion_tokens_details: { reasoning_tokens },
    });

  it('the total tells whether reasoning is in the completion (vercel/ai#12425, promptfoo#9507)', () => {
    expect([stating(500, 1000, 200), stating(100, 800, 200), stating(200, 900, 200)]).toEqual([
      [500, 0, 0, 300, 200, 0, 0],
      [500, 0, 0, 100, 200, 0, 0],
      [500, 0, 0, 200, 200, 0, 0],
    ]);
    expect([stating(500, 1001, 200), stating(100, 600, 200)]).toEqual([
      ...['usage_contradictory', 'usage_contradictory'],
    ]);
  });

  const audio = (details: object) =>
    told({
      ...{ prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
      prompt_tokens_details: details,
      completion_tokens_details: { audio_tokens: 8 },
    });

  it('cached audio is in both counts, and only its own count tells how much (litellm#37407)', () => {
    const both = { cached_tokens: 90, audio_tokens: 45, text_tokens: 55 };
    expect(
      audio({ ...both, cached_tokens_details: { text_tokens: 50, audio_tokens: 40 } }),
    ).toEqual([...[5, 90, 0, 12, 0, 5, 8]]);
    for (const details of [
      both,
      { cached_tokens: 30, audio_tokens: 20 },
      { ...both, cached_tokens_details: {} },
      { ...both, cached_tokens_details: { text_tokens: 50 } },
      { ...both, cached_tokens_details: { text_tokens: 50, audio_tokens: 41 } },
      { ...both, cached_tokens_details: { audio_tokens: 46 } },
      { ...both, cache_write_tokens: 1, cached_tokens_details: { audio_tokens: 40 } },
    ]) {
      expect(audio(details)).toBe('usage_contradictory');
    }
  });

  it.each([
    ['names that disagree', { ...totals, cached_tokens: 900, prompt_cache_hit_tokens: 800 }],
    [
      'a miss that is not the rest',
      { ...totals, cached_tokens: 900, prompt_cache_miss_tokens: 99 },
    ],
    ['two prompts', { ...totals, input_tokens: 22 }],
    [
      'a cache that may be outside',
      { prompt_tokens: 1000, completion_tokens: 1, cache_read_input_tokens: 9 },
    ],
    [
      'a total that forgets the cache',
      { input_tokens: 1000, output_tokens: 10, total_tokens: 1010, cache_read_input_tokens: 900 },
    ],
    ['a total below the prompt', { prompt_tokens: 30, total_tokens: 12 }],
    ['a total of nothing', { ...totals, total_tokens: 0 }],
  ])('I8: %s: not known', (_, usage) => {
    expect(told(usage)).toBe('usage_contradictory');
  });
});

describe('I8: what is not understood', () => {
  it.each([
    ['citation_tokens', { ...totals, citation_tokens: 500 }],
    ['num_search_queries', { ...totals, num_search_queries: 2 }],
    ['search_context_size', { ...totals, search_context_size: 'low' }],
    ['server_tool_use', { ...totals, server_tool_use: { web_search_requests: 1 } }],
    ['generated_images', { ...totals, generated_images: 1 }],
    ['prompt_audio_seconds', { ...totals, prompt_audio_seconds: 12.5 }],
    ['service_tier', { ...totals, service_tier: 'priority' }],
    [
      'completion_tokens_details.image_tokens',
      { ...totals, completion_tokens_details: { image_tokens: 5 } },
    ],
    [
      'promptTokensDetails',
      {
        promptTokenCount: 9,
        candidatesTokenCount: 1,
        promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 3 }],
      },
    ],
    [
      'promptTokensDetails',
      {
        promptTokenCount: 9,
        candidatesTokenCount: 1,
        promptTokensDetails: [{ modality: { toString: null }, tokenCount: 3 }],
      },
    ],
    ['a_b_', { ...totals, 'a"b\n': 1 }],
  ])('%s is named as the reason', (name, usage) => {
    expect(told(usage)).toBe(`usage_unread.${name}`);
  });

  it('is nothing if it is zero, and its name is bounded', () => {
    const empty = { citation_tokens: 0, searches: null, x: {}, y: [], z: '', t: { u: [0] } };
    expect(told({ ...totals, ...empty })).toEqual([1000, 0, 0, 10, 0, 0, 0]);
    expect(String(told({ ...totals, ['x'.repeat(900)]: 1 })).length).toBe(13 + 64);
  });

  it('a fraction of a token is no count (litellm#28024)', () => {
    const usage = { prompt_tokens: 12, completion_tokens: 14417.92, total_tokens: 14429.92 };
    expect(told(usage)).toBe('usage_invalid');
    expect(told({ ...totals, prompt_tokens_details: { image_tokens: 0.5 } })).toBe('usage_invalid');
  });

  it.each([undefined, null, {}, '', false, { prompt_tokens: null }, { queue_time: 0.1 }])(
    '%j says nothing',
    (usage) => {
      expect(told(usage)).toBe('nothing');
    },
  );

  it('the most that it says is told all the same', () => {
    const claim = (usage: unknown) => {
      const reading = readOpenAiUsage(usage);
      return reading.kind === 'nothing' ? null : Object.values(reading.claim);
    };
    expect([
      claim({ prompt_tokens: '40', completion_tokens: 9.5 }),
      claim({ prompt_tokens: 40, input_tokens: 50, total_tokens: 3 }),
      claim({ prompt_tokens: 40, total_tokens: 49 }),
      claim({ prompt_tokens: 'x', completion_tokens: Number.NaN }),
    ]).toEqual([
      [40, 9.5, 0],
      [50, 0, 3],
      [40, 9, 49],
      [0, 0, 0],
    ]);
  });
});

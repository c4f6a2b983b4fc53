/** Usage objects: other names, parts that overlap or are outside, and counts that are none. */
import type { AnswerCase } from '../answer-case.ts';
import { ASKED, answer, completion, stated } from './fixtures.ts';

const cached = 'ok, provider 100 900 0 10 0 0 0, 0.000290000000; 200 as sent';
const unknown = (why: string) => `ok, none unknown, no cost, ${why}; 200 as sent`;
const embeddings = {
  path: '/v1/embeddings',
  request: { model: 'embed', input: 'a b c d e f g h' },
};
const vectors = (usage: object) =>
  answer({ object: 'list', data: [{ index: 0, embedding: [0.1] }], model: 'served', usage });

type Told = [name: string, origin: string, usage: object, expected: string];

const told: readonly Told[] = [
  [
    ...(['13a hits and misses', 'hermes-agent#61871'] as const),
    stated(1_000, 10, { prompt_cache_hit_tokens: 900, prompt_cache_miss_tokens: 100 }),
    cached,
  ],
  ['13b cached at the top', 'bike4mind#1089', stated(1_000, 10, { cached_tokens: 900 }), cached],
  [
    ...(['13c all spellings at once', 'librefang#3449'] as const),
    stated(1_000, 10, {
      ...{ cached_tokens: 900, prompt_cache_hit_tokens: 900 },
      prompt_tokens_details: { cached_tokens: 900 },
    }),
    cached,
  ],
  [
    ...(['13e Anthropic’s names', 'issue 13'] as const),
    { input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 900 },
    cached,
  ],
  [
    ...(['13f Gemini’s names', 'issue 13'] as const),
    {
      ...{ promptTokenCount: 1_000, candidatesTokenCount: 10, totalTokenCount: 1_010 },
      cachedContentTokenCount: 900,
    },
    cached,
  ],
  [
    ...(['13g a prompt and a total', 'issue 13'] as const),
    { prompt_tokens: 40, total_tokens: 49 },
    'ok, provider 40 0 0 9 0 0 0, 0.000130000000; 200 as sent',
  ],
  [
    ...(['13h searches and citations', 'issue 13'] as const),
    stated(40, 9, { citation_tokens: 812, num_search_queries: 3 }),
    unknown('usage_unread.citation_tokens'),
  ],
  [
    ...(['15a reasoning outside of the completion', 'vercel/ai#12425'] as const),
    {
      ...{ prompt_tokens: 10_120, completion_tokens: 1_499, total_tokens: 14_428 },
      prompt_tokens_details: { cached_tokens: 128 },
      completion_tokens_details: { reasoning_tokens: 2_809 },
    },
    'ok, provider 9992 128 0 1499 2809 0 0, 0.053084800000; 200 as sent',
  ],
  [
    ...(['15b reasoning within it', 'promptfoo#9507'] as const),
    stated(500, 500, { completion_tokens_details: { reasoning_tokens: 200 } }),
    'ok, provider 500 0 0 300 200 0 0, 0.005500000000; 200 as sent',
  ],
];

const audio = { prompt: 100, details: { cached_tokens: 90, audio_tokens: 45 } };
const spoken = (details: object) =>
  completion(
    stated(audio.prompt, 20, {
      prompt_tokens_details: { ...audio.details, ...details },
      completion_tokens_details: { audio_tokens: 8 },
    }),
  );

export const usageObjects: readonly AnswerCase[] = [
  ...told.map(
    ([name, origin, usage, expected]): AnswerCase => ({
      ...{ name, origin, request: ASKED, provider: completion(usage), expected },
    }),
  ),
  {
    ...{ name: '13d a total alone', origin: 'bike4mind#1089', ...embeddings },
    provider: vectors({ total_tokens: 8 }),
    expected: 'ok, provider 8 0 0 0 0 0 0, 0.000000160000; 200 as sent',
  },
  {
    ...{ name: '13i a prompt alone', origin: 'issue 13', ...embeddings },
    provider: vectors({ prompt_tokens: 8 }),
    expected: 'ok, provider 8 0 0 0 0 0 0, 0.000000160000; 200 as sent',
  },
  {
    ...{ name: '16a cached audio, counted', origin: 'litellm#37407' },
    request: { ...ASKED, model: 'audio' },
    provider: spoken({ cached_tokens_details: { text_tokens: 50, audio_tokens: 40 } }),
    expected: 'ok, provider 5 90 0 12 0 5 8, 0.001085000000; 200 as sent',
  },
  {
    ...{ name: '16b cached audio, not counted', origin: 'litellm#38001' },
    request: { ...ASKED, model: 'audio' },
    provider: spoken({}),
    expected: unknown('usage_contradictory'),
  },
  {
    ...{ name: '17 a fraction of a token, and a picture', origin: 'litellm#28024', request: ASKED },
    provider: completion(
      {
        ...{ prompt_tokens: 12, completion_tokens: 14_417.92, total_tokens: 14_429.92 },
        completion_tokens_details: { image_tokens: 14_417.92 },
      },
      {
        content: '',
        images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }],
      },
    ),
    expected: unknown('usage_unread.completion_tokens_details.image_tokens'),
  },
  {
    ...{ name: '11a NaN among the logprobs', origin: 'NeMo-RL#2962', request: ASKED },
    provider: answer(
      `{"choices":[{"message":{"content":"x"},"logprobs":{"content":[NaN,-Infinity]}}],"usage":${JSON.stringify(stated(12, 3))}}`,
    ),
    expected: 'ok, provider 12 0 0 3 0 0 0, 0.000042000000; 200 as sent',
  },
  ...(['first', 'last'] as const).map((where): AnswerCase => {
    const data = `"data":[${Array.from({ length: 900 }, () => `{"embedding":[${'-0.0123456,'.repeat(900)}1]}`).join(',')}]`;
    const usage = '"usage":{"prompt_tokens":5400,"total_tokens":5400}';
    return {
      ...{ name: `21 nine megabytes, usage ${where}`, origin: 'agentgateway#1685', ...embeddings },
      provider: answer(`{${where === 'first' ? `${usage},${data}` : `${data},${usage}`}}`),
      expected: 'ok, provider 5400 0 0 0 0 0 0, 0.000108000000; 200 as sent',
    };
  }),
];

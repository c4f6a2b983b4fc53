/** Calls of OpenAI's dialect: chat, completions, embeddings. */
import { chatCompletions } from '@tollgate/proxy/dialects/openai/chat-request.ts';
import { completions } from '@tollgate/proxy/dialects/openai/completions-request.ts';
import { embeddings } from '@tollgate/proxy/dialects/openai/embeddings-request.ts';
import { events, type Seed, whole } from './seed.ts';

const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk';
const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1 } },
  required: ['city'],
  additionalProperties: false,
};

const CHAT = {
  model: 'seed-model',
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is in it, and how much is the fish?' },
        { type: 'image_url', image_url: { url: PIXEL, detail: 'low' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        {
          id: 'call_1',
          type: 'function',
          function: { name: 'price', arguments: '{"city":"Graz"}' },
        },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: '12.50' },
  ],
  tools: [
    { type: 'function', function: { name: 'price', description: 'Of fish', parameters: SCHEMA } },
  ],
  tool_choice: 'auto',
  response_format: {
    type: 'json_schema',
    json_schema: { name: 'fish', schema: SCHEMA, strict: true },
  },
  ...{ max_completion_tokens: 200, temperature: 0.2, n: 1, seed: 7, user: 'u-1', stop: ['END'] },
  metadata: { feature: 'fuzz' },
};

const USAGE = {
  ...{ prompt_tokens: 130, completion_tokens: 24, total_tokens: 154 },
  prompt_tokens_details: { cached_tokens: 30, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 4, audio_tokens: 0 },
};
const TOLD = [100, 30, 0, 20, 4];

const chunk = (choices: readonly object[], more: object = {}) => ({
  ...{ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'seed-model', choices },
  ...more,
});
const delta = (fields: object, finish_reason: string | null = null) =>
  chunk([{ index: 0, delta: fields, finish_reason }]);

const CHAT_EVENTS = [
  delta({ role: 'assistant', content: '' }),
  delta({ content: 'The fish ' }),
  delta({ reasoning_content: 'été, 東京' }),
  delta({
    tool_calls: [{ index: 0, id: 'call_2', function: { name: 'price', arguments: '{"ci' } }],
  }),
  delta({ tool_calls: [{ index: 0, function: { arguments: 'ty":"Graz"}' } }] }),
  delta({}, 'tool_calls'),
  chunk([], { usage: USAGE }),
];

const ended = (all: ReturnType<typeof events>) => ({
  ...all,
  parts: [...all.parts, { open: 'data: [DONE]', json: undefined, close: '\n\n' }],
});

const PROMPTED = { model: 'seed-model', prompt: ['Once', 'Twice'], max_tokens: 30, suffix: 'end' };
const completion = (text: string, more: object = {}) => ({
  ...{ id: 'c-2', object: 'text_completion', created: 1, model: 'seed-model' },
  choices: [{ index: 0, text, logprobs: null, finish_reason: null }],
  ...more,
});

export const openAiSeeds: readonly Seed[] = [
  {
    ...{ name: 'chat, streamed', endpoint: chatCompletions, url: '/v1/chat/completions' },
    body: { ...CHAT, stream: true, stream_options: { include_usage: true } },
    answer: ended(events(CHAT_EVENTS, 6, TOLD)),
  },
  {
    ...{ name: 'chat', endpoint: chatCompletions, url: '/v1/chat/completions', body: CHAT },
    answer: whole(
      {
        ...{ id: 'c-1', object: 'chat.completion', created: 1, model: 'seed-model' },
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'The fish', refusal: null, annotations: [] },
            ...{ logprobs: null, finish_reason: 'stop' },
          },
        ],
        usage: USAGE,
      },
      TOLD,
    ),
  },
  {
    ...{ name: 'completions, streamed', endpoint: completions, url: '/v1/completions' },
    body: { ...PROMPTED, stream: true, stream_options: { include_usage: true } },
    answer: ended(
      events(
        [completion('a'), completion(' b'), completion('', { choices: [], usage: USAGE })],
        ...([2, TOLD] as const),
      ),
    ),
  },
  {
    ...{ name: 'completions', endpoint: completions, url: '/v1/completions', body: PROMPTED },
    answer: whole(completion('a b', { usage: USAGE }), TOLD),
  },
  {
    ...{ name: 'embeddings', endpoint: embeddings, url: '/v1/embeddings' },
    body: { model: 'seed-model', input: ['one', 'two'], encoding_format: 'float', dimensions: 8 },
    answer: whole(
      {
        ...{ object: 'list', model: 'seed-model' },
        data: [
          { object: 'embedding', index: 0, embedding: [0.25, -1e-3] },
          { object: 'embedding', index: 1, embedding: 'AACAPw==' },
        ],
        usage: { prompt_tokens: 4, total_tokens: 4 },
      },
      [4, 0, 0, 0, 0],
    ),
  },
];

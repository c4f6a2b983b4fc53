/** Calls of Anthropic's dialect. */
import { messages } from '@tollgate/proxy/dialects/anthropic/messages-request.ts';
import { named, type Seed, whole } from './seed.ts';

const ASKED = {
  ...{ model: 'seed-model', max_tokens: 400 },
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'How much is the fish?', cache_control: { type: 'ephemeral' } },
        {
          type: 'image',
          source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' },
        },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'EqQB' },
        { type: 'tool_use', id: 'toolu_1', name: 'price', input: { city: 'Graz' } },
      ],
    },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: '12.50', is_error: false }],
    },
  ],
  tools: [
    {
      ...{ name: 'price', description: 'Of fish' },
      input_schema: { type: 'object', properties: { city: { type: 'string' } } },
    },
  ],
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  thinking: { type: 'enabled', budget_tokens: 100 },
  ...{ temperature: 1, stop_sequences: ['END'], metadata: { user_id: 'u-1' } },
};

const BEGUN = {
  ...{ input_tokens: 100, cache_creation_input_tokens: 40, cache_read_input_tokens: 30 },
  cache_creation: { ephemeral_5m_input_tokens: 40, ephemeral_1h_input_tokens: 0 },
  ...{ output_tokens: 1, service_tier: 'standard' },
};
const TOLD = [100, 30, 40, 24, 0];
const HEAD = { id: 'msg_1', type: 'message', role: 'assistant', model: 'seed-model' };
const NOT_ENDED = { content: [], stop_reason: null, stop_sequence: null };

const EVENTS = [
  { type: 'message_start', message: { ...HEAD, ...NOT_ENDED, usage: BEGUN } },
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'Eq' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'The fish' } },
  { type: 'content_block_stop', index: 1 },
  {
    ...{ type: 'content_block_start', index: 2 },
    content_block: { type: 'tool_use', id: 'toolu_2', name: 'price', input: {} },
  },
  {
    ...{ type: 'content_block_delta', index: 2 },
    delta: { type: 'input_json_delta', partial_json: '{"city":"Graz"}' },
  },
  { type: 'content_block_stop', index: 2 },
  {
    ...{ type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null } },
    usage: { output_tokens: 24 },
  },
  { type: 'message_stop' },
];

export const anthropicSeeds: readonly Seed[] = [
  {
    ...{ name: 'messages, streamed', endpoint: messages, url: '/v1/messages' },
    body: { ...ASKED, stream: true },
    answer: named(EVENTS, EVENTS.length - 2, TOLD),
  },
  {
    ...{ name: 'messages', endpoint: messages, url: '/v1/messages', body: ASKED },
    answer: whole(
      {
        ...HEAD,
        content: [{ type: 'text', text: 'The fish' }],
        ...{ stop_reason: 'end_turn', stop_sequence: null },
        usage: { ...BEGUN, output_tokens: 24 },
      },
      TOLD,
    ),
  },
];

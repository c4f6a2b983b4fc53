/** Calls of OpenAI's Responses API. */
import { responses } from '@tollgate/proxy/dialects/openai/responses/responses-request.ts';
import { named, type Seed, whole } from './seed.ts';

const ASKED = {
  model: 'seed-model',
  instructions: 'Be brief.',
  input: [
    {
      ...{ type: 'message', role: 'user' },
      content: [{ type: 'input_text', text: 'How much is the fish?' }],
    },
    {
      ...{ type: 'function_call', call_id: 'call_1', name: 'price' },
      arguments: '{"city":"Graz"}',
    },
    { type: 'function_call_output', call_id: 'call_1', output: '12.50' },
  ],
  tools: [
    {
      ...{ type: 'function', name: 'price', strict: true },
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
    },
  ],
  ...{ tool_choice: 'auto', parallel_tool_calls: true, max_output_tokens: 300, store: false },
  reasoning: { effort: 'low', summary: 'auto' },
  include: ['reasoning.encrypted_content'],
  text: { format: { type: 'json_schema', name: 'fish', schema: { type: 'object' } } },
  ...{ user: 'u-1', prompt_cache_key: 'session-1', metadata: { feature: 'fuzz' } },
};

const USAGE = {
  ...{ input_tokens: 130, input_tokens_details: { cached_tokens: 30 } },
  ...{ output_tokens: 24, output_tokens_details: { reasoning_tokens: 4 }, total_tokens: 154 },
};
const TOLD = [100, 30, 0, 20, 4];

const ITEM = { id: 'msg_1', type: 'message', role: 'assistant' };
const PART = { type: 'output_text', annotations: [], logprobs: [] };
const response = (status: string, output: readonly object[], usage: object | null) => ({
  ...{ id: 'resp_1', object: 'response', created_at: 1, status, model: 'seed-model' },
  ...{ error: null, incomplete_details: null, output, usage, service_tier: 'default' },
});
const OUTPUT = [
  { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'gAAA' },
  { ...ITEM, status: 'completed', content: [{ ...PART, text: 'The fish' }] },
];
const inPart = { item_id: 'msg_1', output_index: 1, content_index: 0 };
const EVENTS = [
  { type: 'response.created', response: response('in_progress', [], null) },
  { type: 'response.in_progress', response: response('in_progress', [], null) },
  { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', summary: [] } },
  { type: 'response.output_item.done', output_index: 0, item: OUTPUT[0] },
  { type: 'response.output_item.added', output_index: 1, item: { ...ITEM, content: [] } },
  { type: 'response.content_part.added', ...inPart, part: { ...PART, text: '' } },
  { type: 'response.output_text.delta', ...inPart, delta: 'The ', logprobs: [] },
  { type: 'response.output_text.delta', ...inPart, delta: 'fish', logprobs: [] },
  { type: 'response.output_text.done', ...inPart, text: 'The fish' },
  { type: 'response.output_item.done', output_index: 1, item: OUTPUT[1] },
  { type: 'response.completed', response: response('completed', OUTPUT, USAGE) },
].map((event, sequence_number) => ({ ...event, sequence_number }));

export const responsesSeeds: readonly Seed[] = [
  {
    ...{ name: 'responses, streamed', endpoint: responses, url: '/v1/responses' },
    body: { ...ASKED, stream: true },
    answer: named(EVENTS, EVENTS.length - 1, TOLD),
  },
  {
    ...{ name: 'responses', endpoint: responses, url: '/v1/responses', body: ASKED },
    answer: whole(response('completed', OUTPUT, USAGE), TOLD),
  },
];

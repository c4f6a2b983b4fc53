/** A turn of a coding agent, as it asks Anthropic's API, to models of other providers. */
import { describe, expect, it } from 'vitest';
import { anthropicSide as claude } from './testing/anthropic-side.ts';
import { geminiSide as gemini } from './testing/gemini-side.ts';
import { openAiSide as openAi } from './testing/openai-side.ts';
import { askRaw, EVENTS } from './testing/raw.ts';

const USED = { input: 9, cacheRead: 0, cacheWrite: 0, output: 1, thinking: 0 };

/** As Claude Code asks: much of it is about its provider's cache and thinking. */
const agent = {
  ...{ model: 'm', max_tokens: 32_000, stream: true },
  system: [
    {
      type: 'text',
      text: 'You are an agent.',
      cache_control: { type: 'ephemeral', scope: 'global' },
    },
    { type: 'text', text: 'The folder is /a.', cache_control: { type: 'ephemeral', ttl: '1h' } },
  ],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<reminder>' },
        { type: 'text', text: 'Fix it.' },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'toolu_1', name: 'Read', input: { path: 'a.ts' } },
        { type: 'tool_use', id: 'toolu_2', name: 'Bash', input: { command: 'ls' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'x' }] },
        {
          ...{ type: 'tool_result', tool_use_id: 'toolu_2', content: 'no', is_error: true },
          cache_control: { type: 'ephemeral' },
        },
      ],
    },
  ],
  tools: ['Read', 'Bash'].map((name) => ({
    ...{ name, description: name, eager_input_streaming: true },
    input_schema: { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' },
  })),
  metadata: { user_id: `user_${'a'.repeat(64)}_account__session_1` },
  ...{ thinking: { type: 'adaptive' }, output_config: { effort: 'high' }, temperature: 1 },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
};

describe('a turn of a coding agent', () => {
  it.each([
    ['openai', openAi],
    ['gemini', gemini],
  ])('goes to a model of %s, and says what of it did not', async (_, to) => {
    const { status, wire } = await askRaw(claude, to, agent, {
      type: EVENTS,
      body: to.stream({ says: [{ text: 'a' }], stop: 'end', usage: USED }),
    });
    expect([status, wire.sent.length]).toEqual([200, 1]);
    const hints = [
      'cache_control',
      'thinking',
      'is_error',
      'context_management',
      'metadata.user_id',
    ];
    const left = new Set(wire.request().translation?.leftOut);
    expect([...left].filter((name) => ![...hints, 'eager_input_streaming'].includes(name))).toEqual(
      [],
    );
  });
});

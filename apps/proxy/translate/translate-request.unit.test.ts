/** Requests that a dialect takes although their values are not what they should be. */
import { expect, it } from 'vitest';
import { dialects } from '../dialects/dialects.ts';
import { translateRequest } from './translate-request.ts';

const NO_TEXT = { toString: null };
const CALL = { id: NO_TEXT, type: 'function', function: { name: NO_TEXT, arguments: '{}' } };

it.each([
  [
    'chat.completions',
    {
      model: 'm',
      max_tokens: 5,
      stop: [NO_TEXT],
      messages: [
        { role: 'assistant', content: null, tool_calls: [CALL] },
        { role: 'tool', tool_call_id: NO_TEXT, content: 'x' },
      ],
    },
  ],
  [
    'messages',
    {
      model: 'm',
      max_tokens: 5,
      stop_sequences: [NO_TEXT],
      messages: [
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: NO_TEXT, name: NO_TEXT, input: {} }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: NO_TEXT, content: 'x' }] },
      ],
    },
  ],
] as const)('%s: what is no text is no defect of ours', (name, fields) => {
  const endpoint = dialects.flatMap(({ endpoints }) => endpoints).find((one) => one.name === name);
  const body = Buffer.from(JSON.stringify(fields));
  expect(endpoint?.read({ body }, 64).ok).toBe(true);
  const to = name === 'messages' ? 'openai' : 'anthropic';
  const goal = { model: 'm', outputTokensMax: 9, outputLimitField: 'max_tokens' };
  const order = {
    endpoint: name,
    model: 'm',
    stream: false,
    body,
    to,
    goal,
    depthMax: 64,
  } as const;
  expect(() => translateRequest(order)).not.toThrow();
});

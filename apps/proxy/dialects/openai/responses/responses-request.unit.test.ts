import { describe, expect, it } from 'vitest';
import type { CallRequest } from '../../dialect.ts';
import { inputTokens } from './input-tokens.ts';
import { responses } from './responses-request.ts';

function read(fields: object | string) {
  const body = typeof fields === 'string' ? fields : JSON.stringify({ model: 'm', ...fields });
  return responses.read({ body: Buffer.from(body) }, 64);
}

function accepted(fields: object): CallRequest {
  const result = read(fields);
  if (!result.ok) throw new Error(JSON.stringify(result.refusal));
  return responses.open(result.facts);
}

describe('a Responses request is understood before anything is spent on it', () => {
  it.each([
    ['a negative limit', { input: 'hi', max_output_tokens: -1 }, 'invalid_request'],
    ['a list of numbers as its input', { input: [1, 2] }, 'invalid_request'],
    ['tools that are none', { input: 'hi', tools: ['web_search'] }, 'invalid_request'],
    ['the limit twice', '{"max_output_tokens":1,"max_output_tokens":9}', 'ambiguous_json'],
    [
      'the limit in capitals too',
      '{"max_output_tokens":1,"Max_output_tokens":9}',
      'ambiguous_json',
    ],
    ['a conversation by its id', { input: 'hi', conversation: 'conv_1' }, 'invalid_request'],
  ])('refuses %s', (_, body, code) => {
    const result = read(body);
    expect(result.ok ? 'accepted' : result.refusal.code).toBe(code);
  });

  it('says which member it does not serve, and what to do', () => {
    const result = read({ input: 'hi', conversation: { id: 'conv_1' } });
    expect(result.ok ? null : result.refusal).toMatchObject({
      param: 'conversation',
      message: expect.stringContaining('`previous_response_id`'),
    });
  });

  it('bounds its output by its own limit, and has its end user and its tier', () => {
    const fields = { input: 'hi', max_output_tokens: 20, safety_identifier: 'u' };
    const { outputTokensMax, endUser, serviceTier } = accepted({
      ...fields,
      service_tier: 'priority',
    });
    expect([outputTokensMax, endUser, serviceTier]).toEqual([20, 'u', 'priority']);
    expect(accepted({ input: 'hi', service_tier: 'auto' }).serviceTier).toBeUndefined();
  });
});

describe('a count of tokens, which is free', () => {
  const count = (fields: object) =>
    inputTokens.read({ body: Buffer.from(JSON.stringify({ model: 'm', ...fields })) }, 64);

  it('goes where a call of its model goes, byte for byte but for the name of the model', () => {
    const read = count({ input: 'hi', previous_response_id: 'resp_1' });
    if (!read.ok) throw new Error(read.refusal.code);
    const sent = read.request.upstream('org/n', {});
    expect([sent.path, sent.body.toString()]).toEqual([
      '/responses/input_tokens',
      '{"model":"org/n","input":"hi","previous_response_id":"resp_1"}',
    ]);
  });

  it('is refused if it is none', () => {
    const read = count({ input: 7 });
    expect(read.ok ? null : read.refusal.code).toBe('invalid_request');
  });
});

describe('I3: what a Responses request does not bound is named', () => {
  const user = (part: object) => ({ input: [{ role: 'user', content: [part] }] });
  const image = { type: 'input_image', image_url: 'https://x/y.png' };
  // coder/xum#2822: 230,000 tokens came from a short body.
  it.each([
    ['a text', { input: 'hi', instructions: 'be brief' }, null, null],
    [
      'a conversation with tools of the client',
      {
        input: [
          { role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
          { type: 'reasoning', summary: [], encrypted_content: 'gAAA' },
          { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
          { type: 'function_call_output', call_id: 'c', output: 'done' },
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'x' }] },
        ],
        tools: [
          { type: 'function', name: 'f' },
          { type: 'custom', name: 'g' },
        ],
      },
      null,
      null,
    ],
    [
      'a stored conversation',
      { previous_response_id: 'resp_1' },
      '`previous_response_id`',
      { stored: true },
    ],
    ['a stored prompt', { prompt: { id: 'pmpt_1' } }, '`prompt`', null],
    ['compaction', { input: 'x', context_management: [{}] }, '`context_management`', null],
    [
      'an item by its id',
      { input: [{ type: 'item_reference', id: 'x' }] },
      'input item `item_reference`',
      { stored: true },
    ],
    [
      'thoughts that the provider has kept',
      { input: [{ type: 'reasoning', id: 'rs_1', summary: [] }] },
      'input item `reasoning`',
      { stored: true },
    ],
    ['a picture', user(image), 'content part `input_image`', { media: { image: { count: 1 } } }],
    [
      'a file by its id',
      user({ type: 'input_file', file_id: 'file-1' }),
      'content part `input_file`',
      { media: { file: { count: 1, bytes: 0 } } },
    ],
    [
      'a picture in a tool’s output',
      { input: [{ type: 'function_call_output', call_id: 'c', output: [image] }] },
      'content part `input_image`',
      { media: { image: { count: 1 } } },
    ],
    [
      'a search',
      { input: 'x', tools: [{ type: 'web_search' }] },
      'tool `web_search`',
      { searches: true },
    ],
    ...['mcp', 'code_interpreter', 'computer_use_preview', 'file_search', 'image_generation'].map(
      (type): [string, object, string, null] => [
        `the tool ${type}`,
        { input: 'x', tools: [{ type }] },
        `tool \`${type}\``,
        null,
      ],
    ),
    [
      'an item of a kind that nobody here knows',
      { input: [{ type: 'x' }] },
      'input item `x`',
      null,
    ],
    ['a tier that is no name', { input: 'x', service_tier: 7 }, '`service_tier`', null],
    [
      'a part in another spelling',
      { input: [{ role: 'user', content: 'x', Content: [image] }] },
      'input item `message`',
      null,
    ],
    ['other models', { input: 'x', models: ['n'] }, '`models`', null],
  ] as [string, object, string | null, object | null][])(
    '%s',
    (_, fields, unboundedBy, openParts) => {
      const request = accepted(fields);
      expect(request.unboundedBy).toBe(unboundedBy);
      if (openParts === null) expect(request.openParts).toBeNull();
      else expect(request.openParts).toMatchObject(openParts);
    },
  );
});

describe('I11: what a provider is sent is what the client sent', () => {
  const body = '{ "model" : "m", "input":"hé", "store":true,"x":{"y":[1.0]} }';
  const sent = (text: string, limit: Parameters<CallRequest['upstream']>[1], model = 'm') => {
    const result = read(text);
    if (!result.ok) throw new Error(result.refusal.code);
    const { path, body: bytes } = responses.open(result.facts).upstream(model, limit);
    return [path, bytes.toString()];
  };

  it('byte for byte, but for the name of the model', () => {
    expect(sent(body, null)).toEqual(['/responses', body]);
    expect(sent(body, null, 'org/n')).toEqual(['/responses', body.replace('"m"', '"org/n"')]);
  });

  it('and for an output limit, in the field that this API has, whatever the provider takes in chats', () => {
    const limit = { tokens: 9, field: 'max_completion_tokens' };
    expect(sent('{"model":"m","input":"x"}', limit)[1]).toBe(
      '{"max_output_tokens":9,"model":"m","input":"x"}',
    );
    expect(sent('{"model":"m","max_output_tokens":null}', limit)[1]).toBe(
      '{"model":"m","max_output_tokens":9}',
    );
    expect(sent('{"model":"m","max_output_tokens":50}', { ...limit, clamped: true })[1]).toBe(
      '{"model":"m","max_output_tokens":9}',
    );
  });
});

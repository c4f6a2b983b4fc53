import { describe, expect, it } from 'vitest';
import { type CallRequest, readRequest, upstreamBody } from './request.ts';

const chat = (body: unknown) => read('chat.completions', body);
function read(endpoint: 'chat.completions' | 'embeddings', body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readRequest(endpoint, Buffer.from(text), 64);
}
function accepted(result: ReturnType<typeof read>): CallRequest {
  if (!result.ok) throw new Error(result.refusal.code);
  return result.request;
}
const messages = [{ role: 'user', content: 'hi' }];

describe('a request is understood before anything is spent on it', () => {
  it.each([
    ['not JSON', '{"model":', 'invalid_json'],
    ['a scalar', '3', 'invalid_request'],
    ['no messages', { model: 'm' }, 'invalid_request'],
    ['a negative limit', { model: 'm', messages, max_tokens: -1 }, 'invalid_request'],
    ['a fractional limit', { model: 'm', messages, max_tokens: 1.5 }, 'invalid_request'],
    ['the model twice', '{"model":"a","model":"b","messages":[]}', 'ambiguous_json'],
    ['a tier twice', '{"service_tier":"priority","service_tier":null}', 'ambiguous_json'],
    ['deep nesting', `{"x":${'['.repeat(70)}${']'.repeat(70)}}`, 'json_too_deep'],
  ])('refuses %s', (_, body, code) => {
    const result = chat(body);
    expect(result.ok ? 'accepted' : result.refusal.code).toBe(code);
  });

  it('bounds the output over all choices by the larger of both limits', () => {
    const body = { model: 'm', messages, n: 3, max_tokens: 10, max_completion_tokens: 20 };
    expect(accepted(chat(body)).outputTokensMax).toBe(60);
    expect(accepted(chat({ model: 'm', messages })).outputTokensMax).toBe(null);
  });

  it('names what makes a cost unbounded', () => {
    const content = [{ type: 'image_url', image_url: { url: 'https://x' } }];
    const image = accepted(chat({ model: 'm', messages: [{ role: 'user', content }] }));
    const search = accepted(chat({ model: 'm', messages, tools: [{ type: 'web_search' }] }));
    const options = accepted(chat({ model: 'm', messages, web_search_options: {} }));
    const tiers = ['priority', 'scale', 7].map((service_tier) =>
      accepted(chat({ model: 'm', messages, service_tier })),
    );
    expect([image, search, options, ...tiers].map(({ unboundedBy }) => unboundedBy)).toEqual([
      'content part `image_url`',
      'tool `web_search`',
      '`web_search_options`',
      ...Array(3).fill('`service_tier`'),
    ]);
  });

  it('takes the tiers that cost what is listed, or less', () => {
    for (const service_tier of [undefined, null, 'auto', 'default', 'flex']) {
      expect(accepted(chat({ model: 'm', messages, service_tier })).unboundedBy).toBe(null);
    }
  });

  it('passes the body on byte for byte when nothing has to change', () => {
    const text = '{ "model":"m" , "seed":12345678901234567890,"messages":[{"role":"user"}]}';
    expect(String(upstreamBody(accepted(chat(text)), 'm'))).toBe(text);
  });

  it('asks for the usage chunk and keeps the client’s other stream options', () => {
    const plain = accepted(chat({ model: 'm', messages, stream: true }));
    const other = accepted(chat({ model: 'm', messages, stream: true, stream_options: { a: 1 } }));
    expect(JSON.parse(String(upstreamBody(plain, 'up')))).toEqual({
      model: 'up',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(JSON.parse(String(upstreamBody(other, 'm'))).stream_options).toEqual({
      a: 1,
      include_usage: true,
    });
  });
});

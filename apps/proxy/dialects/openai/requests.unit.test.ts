import { describe, expect, it } from 'vitest';
import type { CallRequest } from '../dialect.ts';
import { chatCompletions } from './chat-request.ts';

function chat(body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return chatCompletions.read({ body: Buffer.from(text) }, 64);
}
const sentBody = (request: CallRequest, model: string) => request.upstream(model, null).body;
function accepted(result: ReturnType<typeof chat>): CallRequest {
  if (!result.ok) throw new Error(result.refusal.code);
  return chatCompletions.open(result.facts);
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
    [
      'an option of streams twice',
      '{"model":"a","messages":[],"stream_options":{"include_usage":false,"include_usage":true}}',
      'ambiguous_json',
    ],
    [
      'one in another spelling',
      '{"model":"a","messages":[],"stream_options":{"Include_usage":false}}',
      'ambiguous_json',
    ],
    [
      'one that is escaped',
      '{"stream_options":{"include_usage":false,"include\\u005fusage":true}}',
      'ambiguous_json',
    ],
    ['a limit in capitals too', '{"max_tokens":1,"MAX_TOKENS":9}', 'ambiguous_json'],
    ['a model in another spelling', '{"Model":"b"}', 'ambiguous_json'],
    ['a long s', '{"me\u017fsages":[]}', 'ambiguous_json'],
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
    const elsewhere = [
      ...['extra_body', 'cached_content', 'data_sources', 'preset', 'prediction', 'functions'],
    ];
    const named = [
      ...['web_search_options', 'search_parameters', 'enable_search', 'search_settings'],
      ...['plugins', 'models', 'fallbacks', 'previous_response_id', 'conversation', ...elsewhere],
    ];
    const fields = named.map((name) => accepted(chat({ model: 'm', messages, [name]: {} })));
    const audio = { role: 'assistant', content: null, audio: { id: 'audio_1' } };
    const heard = accepted(chat({ model: 'm', messages: [audio] }));
    const noTier = accepted(chat({ model: 'm', messages, service_tier: 7 }));
    const all = [image, search, heard, ...fields, noTier];
    expect(all.map(({ unboundedBy }) => unboundedBy)).toEqual([
      'content part `image_url`',
      'tool `web_search`',
      '`audio` of a message',
      ...named.map((name) => `\`${name}\``),
      '`service_tier`',
    ]);
  });

  it('names what another parser may read by another spelling', () => {
    const part = { type: 'text', Type: 'image_url', text: 'x', image_url: { url: 'https://x' } };
    const bodies = [
      { messages: [{ role: 'user', content: [part] }] },
      { messages: [{ role: 'user', content: 'x', Content: [part] }] },
      { messages, tools: [{ type: 'function', TYPE: 'web_search', function: { name: 'f' } }] },
    ];
    const found = bodies.map((body) => accepted(chat({ model: 'm', ...body })).unboundedBy);
    expect(found).toEqual(['`Type`', '`Content`', '`TYPE`']);
  });

  it('bounds what a provider says to its model about tools', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const [with_, without] = [{ tools }, { tools: [] }].map(
      (more) => accepted(chat({ model: 'm', messages, ...more })).inputTokensMax,
    );
    expect((with_ ?? 0) - (without ?? 0)).toBeGreaterThan(1_000);
  });

  it('bounds the input by what is sent: bytes that are not UTF-8 grow on the way', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"model":"m","messages":[{"role":"user","content":"'),
      Buffer.alloc(1_000, 0xff),
      Buffer.from('"}]}'),
    ]);
    const request = accepted(chatCompletions.read({ body: bytes }, 64));
    const sent = Buffer.byteLength(sentBody(request, 'm'));
    expect(sent).toBeGreaterThan(3_000);
    expect(request.inputTokensMax).toBeGreaterThanOrEqual(sent);
  });

  it('names the tier that it asks for, if it is another than lists are about', () => {
    const tiers = [undefined, null, 'auto', 'default', 'flex', 'priority'];
    const asked = tiers.map((service_tier) =>
      accepted(chat({ model: 'm', messages, service_tier })),
    );
    expect(asked.map(({ unboundedBy, serviceTier }) => [unboundedBy, serviceTier])).toEqual([
      ...Array(4).fill([null, undefined]),
      ...[
        [null, 'flex'],
        [null, 'priority'],
      ],
    ]);
  });

  it('passes the body on byte for byte when nothing has to change', () => {
    const text = '{ "model":"m" , "seed":12345678901234567890,"messages":[{"role":"user"}]}';
    expect(String(sentBody(accepted(chat(text)), 'm'))).toBe(text);
  });

  it('asks for the usage chunk and keeps the client’s other stream options', () => {
    const plain = accepted(chat({ model: 'm', messages, stream: true }));
    const other = accepted(chat({ model: 'm', messages, stream: true, stream_options: { a: 1 } }));
    expect(JSON.parse(String(sentBody(plain, 'up')))).toEqual({
      model: 'up',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(JSON.parse(String(sentBody(other, 'm'))).stream_options).toEqual({
      a: 1,
      include_usage: true,
    });
  });
});

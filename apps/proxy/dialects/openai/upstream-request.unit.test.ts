import { describe, expect, it } from 'vitest';
import type { CallRequest, Endpoint, FactsRead, ImposedLimit } from '../dialect.ts';
import { openAi } from './openai.ts';

const [chatCompletions, embeddings] = openAi.endpoints as [Endpoint, Endpoint];
const bodyFor = (model: string, read: FactsRead) =>
  read.ok ? chatCompletions.open(read.facts).upstream(model, null).body : read.refusal.code;
const messages = [{ role: 'user', content: 'hi' }];

function read(endpoint: typeof chatCompletions, body: object | string): CallRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const result = endpoint.read({ body: Buffer.from(text) }, 9);
  if (!result.ok) throw new Error(result.refusal.code);
  return endpoint.open(result.facts);
}
const chat = (body: object | string) => read(chatCompletions, body);
const embed = (body: object | string) => read(embeddings, body);

it('the dialect takes calls where OpenAI’s SDKs send them', () => {
  const endpoints = openAi.endpoints.map(({ method, path, name }) => [method, path, name]);
  expect([endpoints, openAi.models.path]).toEqual([
    [
      ['POST', '/v1/chat/completions', 'chat.completions'],
      ['POST', '/v1/embeddings', 'embeddings'],
      ['POST', '/v1/responses', 'responses'],
      ['POST', '/v1/completions', 'completions'],
      ['POST', '/v1/moderations', 'moderations'],
      ['POST', '/v1/images/generations', 'images.generations'],
      ['POST', '/v1/images/edits', 'images.edits'],
      ['POST', '/v1/audio/speech', 'audio.speech'],
      ['POST', '/v1/audio/transcriptions', 'audio.transcriptions'],
      ['POST', '/v1/audio/translations', 'audio.translations'],
    ],
    '/v1/models',
  ]);
});

it('lists models as OpenAI does', () => {
  const models = [
    { name: 'gpt-x', provider: 'openai' },
    { name: 'own', provider: 'local' },
  ];
  expect(openAi.models.list(models)).toEqual({
    object: 'list',
    data: [
      { id: 'gpt-x', object: 'model', created: 0, owned_by: 'openai' },
      { id: 'own', object: 'model', created: 0, owned_by: 'local' },
    ],
  });
});

describe('a request is understood as facts that hold in every dialect', () => {
  const facts = (request: CallRequest) => ({
    endpoint: request.endpoint,
    model: request.model,
    stream: request.stream,
    endUser: request.endUser,
    outputTokensMax: request.outputTokensMax,
    answerCount: request.answerCount,
    unboundedBy: request.unboundedBy,
  });

  it('of a chat', () => {
    const full = { model: 'm', messages, stream: true, user: 'u', n: 2, max_tokens: 5 };
    expect([facts(chat({ model: 'm', messages })), facts(chat(full))]).toEqual([
      {
        ...{ endpoint: 'chat.completions', model: 'm', stream: false, endUser: null },
        ...{ outputTokensMax: null, answerCount: 1, unboundedBy: null },
      },
      {
        ...{ endpoint: 'chat.completions', model: 'm', stream: true, endUser: 'u' },
        ...{ outputTokensMax: 10, answerCount: 2, unboundedBy: null },
      },
    ]);
  });

  it('of the end user, whom `safety_identifier` names before `user`, and empty text not at all', () => {
    const both = { safety_identifier: 's', user: 'u' };
    expect([
      chat({ model: 'm', messages, ...both }).endUser,
      embed({ model: 'm', input: 'x', ...both }).endUser,
      chat({ model: 'm', messages, user: '' }).endUser,
      embed({ model: 'm', input: 'x', user: '' }).endUser,
    ]).toEqual(['s', 's', null, null]);
  });

  it.each([
    [{ max_tokens: 5 }, 5],
    [{ max_completion_tokens: 5 }, 5],
    [{ max_tokens: 5, max_completion_tokens: 7 }, 7],
    [{ max_tokens: 7, max_completion_tokens: 5 }, 7],
    [{ max_tokens: 5, max_completion_tokens: null }, 5],
    [{ max_tokens: null, max_completion_tokens: 5 }, 5],
    [{ max_tokens: null }, null],
  ])('with the larger of both output limits: %j', (limits, expected) => {
    expect(chat({ model: 'm', messages, ...limits }).outputTokensMax).toBe(expected);
  });

  it('of embeddings, which have no output', () => {
    expect([
      facts(embed({ model: 'm', input: 'x' })),
      facts(embed({ model: 'm', input: [1], user: 'u' })),
    ]).toEqual([
      {
        ...{ endpoint: 'embeddings', model: 'm', stream: false, endUser: null },
        ...{ outputTokensMax: 0, answerCount: 1, unboundedBy: null },
      },
      {
        ...{ endpoint: 'embeddings', model: 'm', stream: false, endUser: 'u' },
        ...{ outputTokensMax: 0, answerCount: 1, unboundedBy: null },
      },
    ]);
  });

  it('with a token for each byte, and what a provider may add around it and about tools', () => {
    const plain = JSON.stringify({ model: 'm', messages });
    const tools = JSON.stringify({ model: 'm', messages, tools: [{ type: 'function' }] });
    const none = JSON.stringify({ model: 'm', messages, tools: [] });
    const input = '{"model":"m","input":"é"}';
    expect([
      ...[plain, tools, none].map((body) => chat(body).inputTokensMax - body.length),
      embed(input).inputTokensMax - Buffer.byteLength(input),
    ]).toEqual([128, 128 + 1_024, 128, 128]);
  });

  it('and why a model has no bound, in every endpoint', () => {
    const why =
      'Every call of `GPT-5-Search-API` searches the web, whose fee no price list here has';
    for (const request of [chat({ model: 'm', messages }), embed({ model: 'm', input: 'x' })]) {
      expect(['GPT-5-Search-API', 'gpt-5'].map((model) => request.unboundedModel(model))).toEqual([
        why,
        null,
      ]);
    }
  });

  it('and the text that an estimate of its input counts', () => {
    const body = ` {"input":"no", "messages" : ${JSON.stringify(messages)} , "model":"m"}`;
    const text = JSON.stringify(messages);
    expect(chat(body).input()).toEqual({ text, ids: 0 });
    const told = { tools: [{ type: 'function' }], response_format: { type: 'json_object' } };
    expect(chat({ model: 'm', messages, ...told }).input()?.text).toBe(
      `${text}${JSON.stringify(told.tools)}${JSON.stringify(told.response_format)}`,
    );
    const embedded = (input: unknown) => embed({ model: 'm', input }).input();
    expect(
      [
        'x',
        ['x', '', 'y'],
        ['', ''],
        [7, 8],
        [
          [1, 2, 3],
          [4, 5],
        ],
      ].map(embedded),
    ).toEqual([
      { text: 'x', ids: 0 },
      { text: 'x\ny', ids: 0 },
      { text: '', ids: 0 },
      { text: '', ids: 2 },
      { text: '', ids: 5 },
    ]);
  });

  it('and none of what nobody here can count: pictures, large bodies (OmniRoute#8368)', () => {
    const picture = { type: 'image_url', image_url: { url: `data:${'A'.repeat(2_500)}` } };
    const asked = [{ role: 'user', content: [{ type: 'text', text: 'x' }, picture] }];
    expect([
      chat({ model: 'm', messages: asked }).input(),
      chat({ model: 'm', messages, plugins: [{ id: 'web' }] }).input(),
      embed({ model: 'm', input: 'x'.repeat(5_000_000) }).input(),
    ]).toEqual([null, null, null]);
  });
});

describe('a request goes to the provider', () => {
  const sent = (request: CallRequest, model: string, limit: ImposedLimit | null = null) => {
    const { path, headers, body } = request.upstream(model, limit);
    return [path, headers, body.toString()];
  };
  const JSON_ONLY = { accept: 'application/json' };

  it.each([
    ['{"model":"m","messages":[]}', '{"max_tokens":9,"model":"m","messages":[]}'],
    [' { "model":"m","messages":[]}', ' {"max_tokens":9, "model":"m","messages":[]}'],
    ['{"model":"m","messages":[],"max_tokens":null}', '{"model":"m","messages":[],"max_tokens":9}'],
    [
      '{"max_completion_tokens":null,"model":"m","messages":[],"max_tokens":null}',
      '{"max_completion_tokens":9,"model":"m","messages":[],"max_tokens":null}',
    ],
    [
      '{"stream":true,"model":"m","messages":[]}',
      '{"stream_options":{"include_usage":true},"max_tokens":9,"stream":true,"model":"m","messages":[]}',
    ],
    ['{"model":"m","messages":[],"max_tokens":5}', '{"model":"m","messages":[],"max_tokens":5}'],
  ])('with the limit that it lacks, once, and no other byte changed: %s', (body, bytes) => {
    const limit = { tokens: 9, field: 'max_tokens' };
    const [asked, expected] = [body, bytes].map((text) =>
      text.replace('[]', '[{"role":"user","content":"hi"}]'),
    ) as [string, string];
    expect(sent(chat(asked), 'm', limit)[2]).toBe(expected);
    const renamed = expected.replace('"model":"m"', '"model":"other"');
    expect(sent(chat(asked), 'other', limit)[2]).toBe(renamed);
  });

  it('to the path of its endpoint, and says which answer it wants', () => {
    const body = JSON.stringify({ model: 'm', messages });
    expect(sent(chat(body), 'm')).toEqual(['/chat/completions', JSON_ONLY, body]);
    const input = JSON.stringify({ model: 'm', input: 'x' });
    expect(sent(embed(input), 'm')).toEqual(['/embeddings', JSON_ONLY, input]);
    const asked = { model: 'm', messages, stream: true, stream_options: { include_usage: true } };
    expect(sent(chat(asked), 'm')).toEqual([
      '/chat/completions',
      { accept: 'text/event-stream' },
      JSON.stringify(asked),
    ]);
  });

  it('I11: by the model’s name at the provider, with no other byte changed', () => {
    const chatText = `{"messages":${JSON.stringify(messages)} ,"seed":1.0, "model" : "m"}`;
    expect(sent(chat(chatText), 'n "2"')[2]).toBe(chatText.replace('"m"', '"n \\"2\\""'));
    const input = '{"input":"m" , "model":"m","x":1e3}';
    expect(sent(embed(input), 'n')[2]).toBe('{"input":"m" , "model":"n","x":1e3}');
  });

  it('I11: as it is written, if the model has the same name there', () => {
    const escaped = `{"model":"\\u006d","messages":${JSON.stringify(messages)}}`;
    expect(sent(chat(escaped), 'm')[2]).toBe(escaped);
    expect(sent(embed('{"model":"\\u006d","input":""}'), 'm')[2]).toBe(
      '{"model":"\\u006d","input":""}',
    );
  });

  it('with the chunk that states the usage, wherever the client has its own options', () => {
    const text = `{"stream_options" : {"a":1},"stream":true,"model":"m","messages":[{"role":"user"}]}`;
    expect(sent(chat(text), 'longer-name')[2]).toBe(
      '{"stream_options" : {"a":1,"include_usage":true},"stream":true,"model":"longer-name","messages":[{"role":"user"}]}',
    );
    const behind = '{"model":"m","stream":true,"stream_options":{},"messages":[{"role":"user"}]}';
    expect(sent(chat(behind), 'longer-name')[2]).toBe(
      '{"model":"longer-name","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user"}]}',
    );
    const none = `{"model":"m","stream":true,"messages":[{"role":"user"}]}`;
    expect(sent(chat(none), 'm')[2]).toBe(
      '{"stream_options":{"include_usage":true},"model":"m","stream":true,"messages":[{"role":"user"}]}',
    );
    const nulled = none.replace('{', '{"stream_options":null,');
    expect(sent(chat(nulled), 'm')[2]).toBe(
      none.replace('{', '{"stream_options":{"include_usage":true},'),
    );
  });

  it('as the bytes that came, if nothing changes and they are text', () => {
    const bytes = Buffer.from(JSON.stringify({ model: 'm', messages }));
    const broken = Buffer.concat([bytes.subarray(0, -2), Buffer.from([0xff]), bytes.subarray(-2)]);
    const other = chatCompletions.read({ body: Buffer.from(String(broken)) }, 9);
    expect(bodyFor('m', chatCompletions.read({ body: bytes }, 9))).toBe(bytes);
    expect(other.ok).toBe(false);
    const halves = Buffer.from('{"model":"m","messages":[{"role":"user","content":"x"}]}');
    halves[halves.indexOf('x')] = 0xff;
    const half = bodyFor('m', chatCompletions.read({ body: halves }, 9));
    expect(half.toString()).toBe(halves.toString('utf8'));
  });
});

describe('a request that may be read otherwise at the provider is refused', () => {
  const billed = [
    ...['model', 'messages', 'input', 'stream', 'stream_options', 'max_tokens'],
    ...['max_completion_tokens', 'n', 'tools', 'service_tier', 'web_search_options'],
    ...['search_parameters', 'plugins', 'models', 'extra_body', 'cached_content'],
    ...['data_sources', 'preset', 'prediction', 'functions'],
  ];

  it.each(billed)('%s twice, or in capitals', (name) => {
    const twice = `{"${name}":1,"x":0,"${name}":1}`;
    const capitals = `{"${name.toUpperCase()}":1}`;
    for (const [text, param] of [
      [twice, name],
      [capitals, name.toUpperCase()],
    ] as const) {
      expect(chatCompletions.read({ body: Buffer.from(text) }, 9)).toEqual({
        ok: false,
        refusal: { code: 'ambiguous_json', param },
      });
    }
  });

  it('and others may be there twice', () => {
    const text = `{"model":"m","x":1,"x":2,"X":3,"messages":${JSON.stringify(messages)}}`;
    expect(chatCompletions.read({ body: Buffer.from(text) }, 9).ok).toBe(true);
  });

  it('if it nests deeper than it may', () => {
    const nested = (depth: number) =>
      `{"model":"m","messages":${JSON.stringify(messages)},"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    const codes = [4, 5].map((depth) => {
      const result = chatCompletions.read({ body: Buffer.from(nested(depth)) }, 4);
      return result.ok === false ? result.refusal.code : 'accepted';
    });
    expect(codes).toEqual(['accepted', 'json_too_deep']);
  });

  it('and says which field its schema objects to', () => {
    const refusal = (endpoint: typeof chatCompletions, body: object) => {
      const result = endpoint.read({ body: Buffer.from(JSON.stringify(body)) }, 9);
      return result.ok === false ? result.refusal : 'accepted';
    };
    expect(refusal(chatCompletions, { model: 'm', messages, n: 0 })).toEqual({
      code: 'invalid_request',
      param: 'n',
      message: 'Invalid request: `n`: Too small: expected number to be >=1.',
    });
    expect(refusal(embeddings, { model: 'm', input: {} })).toMatchObject({
      code: 'invalid_request',
      param: 'input',
    });
    expect(refusal(chatCompletions, { model: 'm', messages: [{ role: 1 }] })).toMatchObject({
      param: 'messages.0.role',
    });
    expect(embeddings.read({ body: Buffer.from('{') }, 9)).toEqual({
      ok: false,
      refusal: { code: 'invalid_json' },
    });
    const scalar = chatCompletions.read({ body: Buffer.from('3') }, 9);
    expect(scalar).toMatchObject({
      refusal: {
        param: '',
        message: 'Invalid request: Invalid input: expected object, received number.',
      },
    });
  });
});

describe('what has a bound, and what has none', () => {
  const unbounded = (fields: object) => chat({ model: 'm', messages, ...fields }).unboundedBy;
  const part = (type: string) => ({
    messages: [{ role: 'user', content: [{ type: 'text' }, { type }] }],
  });

  it.each(['text', 'refusal'])('content of type %s has one', (type) => {
    expect(unbounded(part(type))).toBe(null);
  });

  it.each(['function', 'custom'])('a tool of type %s has one', (type) => {
    expect(unbounded({ tools: [{ type: 'function' }, { type }] })).toBe(null);
    expect(unbounded({ tools: [{ type }, { type: 'web' }] })).toBe('tool `web`');
  });

  it.each(['auto', 'default', 'standard', 'standard_only', 'on_demand', 'flex', null])(
    'the tier %j has one',
    (service_tier) => {
      expect(unbounded({ service_tier })).toBe(null);
    },
  );

  it('every message, part and tool is looked at', () => {
    const later = [...messages, { role: 'user', content: [{ type: 'file' }] }];
    expect([
      unbounded({ messages: later }),
      unbounded({ messages: [...messages, { role: 'assistant', audio: {} }] }),
      unbounded({ messages: [{ role: 'assistant', audio: null }] }),
      unbounded({ messages: [...messages, { role: 'user', ROLE: 'x' }] }),
      unbounded({ tools: [{ type: 'function' }, { type: 'function', Type: 'x' }] }),
      unbounded({ messages: [{ role: 'user', Audio: null }] }),
      unbounded({ messages: [{ role: 'user', Other: 'x' }] }),
      unbounded({ plugins: null }),
    ]).toEqual([
      'content part `file`',
      '`audio` of a message',
      null,
      '`ROLE`',
      '`Type`',
      '`Audio`',
      null,
      null,
    ]);
  });
});

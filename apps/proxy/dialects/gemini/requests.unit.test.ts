/** Requests of Gemini's dialect: what is read of them, and what a provider gets. */
import { describe, expect, it } from 'vitest';
import type { CallRequest, CallTarget, Endpoint } from '../dialect.ts';
import { countTokens } from './count-tokens.ts';
import { batchEmbedContents, embedContent } from './embed-request.ts';
import { errorBody } from './error-body.ts';
import { generateContent, streamGenerateContent } from './generate-request.ts';
import { targetOf } from './target.ts';

const TARGET: CallTarget = { model: 'gem', asEvents: false };
const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];

function read(body: unknown, endpoint: Endpoint = generateContent, target = TARGET) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return endpoint.read({ body: bytes, target }, 64);
}

function opened(body: unknown, endpoint: Endpoint = generateContent, target = TARGET): CallRequest {
  const found = read(body, endpoint, target);
  if (!found.ok) throw new Error(found.refusal.code);
  return endpoint.open(found.facts);
}

function code(body: unknown, endpoint?: Endpoint): string {
  const found = read(body, endpoint);
  return found.ok ? 'accepted' : found.refusal.code;
}

const sent = (body: unknown, limit: number | null, model = 'gem') =>
  opened(body)
    .upstream(model, limit === null ? null : { tokens: limit, field: 'max_tokens' })
    .body.toString();

describe('the path of a call', () => {
  // ollama/ollama#10139, BerriAI/litellm#37271
  it.each([
    ['/v1beta/models/gem:generateContent', 'gem', false],
    ['/gemini/v1beta/models/gem:streamGenerateContent?alt=sse', 'gem', true],
    ['/v1beta/models/gem:streamGenerateContent?alt=json', 'gem', false],
    ['/v1beta/models/gem:streamGenerateContent?$alt=sse&prettyPrint=false', 'gem', true],
    ['/v1beta/models/org%2Fgem%3A1b:generateContent', 'org/gem:1b', false],
    ['/v1beta/models/org/gem:1b:generateContent', 'org/gem:1b', false],
  ])('%s', (url, model, asEvents) => {
    expect(targetOf(url)).toEqual({ model, asEvents });
  });

  it.each([
    ['/v1beta/models/:generateContent', 'model_not_found'],
    ['/v1beta/models/%E0%A4%A:generateContent', 'model_not_found'],
    [`/v1beta/models/${'x'.repeat(257)}:generateContent`, 'model_not_found'],
    ['/v1beta/models/gem:generateContent?fields=candidates', 'invalid_request'],
    ['/v1beta/models/gem:generateContent?alt=proto', 'invalid_request'],
    ['/v1beta/models/gem:generateContent?callback=f', 'invalid_request'],
  ])('I12: %s is refused without a word of it', (url, refused) => {
    const target = targetOf(url);
    expect('code' in target && target.code).toBe(refused);
    expect(JSON.stringify(target)).not.toContain('fields');
  });
});

describe('a request is understood before anything is spent on it', () => {
  it.each([
    ['not JSON', '{"contents":', 'invalid_json'],
    ['no contents', {}, 'invalid_request'],
    [
      'a limit of nothing',
      { contents, generationConfig: { maxOutputTokens: 0 } },
      'invalid_request',
    ],
    ['a fraction', { contents, generationConfig: { candidateCount: 1.5 } }, 'invalid_request'],
    ['contents twice', '{"contents":[],"contents":[]}', 'ambiguous_json'],
    [
      'a limit twice',
      '{"contents":[],"generationConfig":{"maxOutputTokens":1,"maxOutputTokens":9}}',
      'ambiguous_json',
    ],
    [
      'a limit by both names',
      '{"contents":[],"generationConfig":{"maxOutputTokens":1,"max_output_tokens":9}}',
      'ambiguous_json',
    ],
    [
      'settings by both names',
      { contents, generationConfig: {}, generation_config: {} },
      'ambiguous_json',
    ],
    ['a third spelling', { contents, GenerationConfig: {} }, 'ambiguous_json'],
    ['a spelling in a part', { contents: [{ parts: [{ inline_Data: {} }] }] }, 'ambiguous_json'],
    ['deep nesting', `{"contents":${'['.repeat(70)}${']'.repeat(70)}}`, 'json_too_deep'],
    ['another model than the path', { contents, model: 'models/other' }, 'invalid_request'],
    ['the model of the path', { contents, model: 'models/gem' }, 'accepted'],
    ['one content and one part', { contents: { parts: { text: 'hi' } } }, 'accepted'],
    [
      'names of the client’s own',
      {
        contents,
        tools: [{ functionDeclarations: [{ name: 'f', parameters: { top_p: 1, topP: 2 } }] }],
      },
      'accepted',
    ],
  ])('%s', (_, body, expected) => {
    expect(code(body)).toBe(expected);
  });

  it('bounds the output by the limit of each candidate, by either name', () => {
    const of = (generationConfig: object) => opened({ contents, generationConfig }).outputTokensMax;
    expect([
      ...[of({ maxOutputTokens: 20 }), of({ maxOutputTokens: '20', candidateCount: 3 })],
      ...[
        opened({ contents, generation_config: { max_output_tokens: 7 } }).outputTokensMax,
        of({}),
      ],
    ]).toEqual([20, 60, 7, null]);
  });

  it.each([
    [
      'a picture',
      { contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] }] },
      'content part `inlineData`',
    ],
    [
      'a picture by the other names',
      { contents: [{ parts: [{ inline_data: { mime_type: 'image/png', data: 'AAAA' } }] }] },
      'content part `inlineData`',
    ],
    [
      'a picture whose kind is no text',
      { contents: [{ parts: [{ inlineData: { mimeType: { toString: null }, data: 'AA' } }] }] },
      'content part `inlineData`',
    ],
    [
      'a file',
      { contents: [{ parts: [{ fileData: { fileUri: 'https://x' } }] }] },
      'content part `fileData`',
    ],
    [
      'a picture that a function found',
      {
        contents: [
          {
            parts: [
              {
                functionResponse: {
                  name: 'f',
                  response: {},
                  parts: [{ inlineData: { mimeType: 'image/png', data: 'AA' } }],
                },
              },
            ],
          },
        ],
      },
      'content part `inlineData`',
    ],
    ['searches', { contents, tools: [{ google_search: {} }] }, 'tool `googleSearch`'],
    ['what was cached', { contents, cachedContent: 'cachedContents/1' }, '`cachedContent`'],
    ['code that runs there', { contents, tools: [{ codeExecution: {} }] }, 'tool `codeExecution`'],
    ['pages of the web', { contents, tools: { url_context: {} } }, 'tool `urlContext`'],
    ['a tool that is not known', { contents, tools: [{ dream: {} }] }, 'tool `dream`'],
    [
      'a setting that is not known',
      { contents, generationConfig: { effort: 9 } },
      '`generationConfig.effort`',
    ],
    ['a member that is not known', { contents, batch: true }, '`batch`'],
    ['a part that is not known', { contents: [{ parts: [{ smell: 1 }] }] }, 'content part `smell`'],
    [
      'text and functions',
      {
        contents,
        tools: [{ functionDeclarations: [] }],
        systemInstruction: { parts: [{ text: 'a' }] },
        store: false,
      },
      null,
    ],
  ])('I3: %s has no bound: %s', (_, body, part) => {
    expect(opened(body).unboundedBy).toBe(part);
  });

  it('says which of them an operator may bound', () => {
    const parts = [
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
      { inlineData: { mimeType: 'audio/wav', data: 'AA' } },
      { fileData: { mimeType: 'application/pdf', fileUri: 'x' } },
    ];
    const open = opened({ contents: [{ parts }], tools: [{ googleSearch: {} }] });
    expect(open.openParts).toMatchObject({
      media: { image: { count: 1, bytes: 4 }, audio: { count: 1, bytes: 2 }, file: { count: 1 } },
      ...{ searches: true, stored: false },
    });
    expect([...open.needs].toSorted()).toEqual(['audio', 'files', 'tools', 'vision']);
    expect(opened({ contents, tools: [{ codeExecution: {}, googleSearch: {} }] }).openParts).toBe(
      null,
    );
  });
});

describe('I11: a provider gets the client’s bytes', () => {
  it('at the path of the model meant there, with the key where Google looks for it', () => {
    const body = '{ "contents" : [] }';
    const call = opened(body, streamGenerateContent, { model: 'gem', asEvents: true });
    expect(call.upstream('org/gem:2', null)).toMatchObject({
      path: '/models/org%2Fgem%3A2:streamGenerateContent?alt=sse',
      ...{ auth: 'x-goog-api-key', headers: { accept: 'text/event-stream' } },
    });
    expect(call.upstream('gem', null).body.toString()).toBe(body);
    expect(opened(body, streamGenerateContent).upstream('gem', null).path).toBe(
      '/models/gem:streamGenerateContent',
    );
  });

  it.each([
    [
      'but for an output limit, where the settings have none',
      '{"contents":[]}',
      '{"generationConfig":{"maxOutputTokens":9},"contents":[]}',
    ],
    [
      'but for an output limit, where the settings have null',
      '{"contents":[],"generationConfig":null}',
      '{"contents":[],"generationConfig":{"maxOutputTokens":9}}',
    ],
    [
      'but for an output limit, where the settings have no limit',
      '{"contents":[],"generationConfig": {"topP":1}}',
      '{"contents":[],"generationConfig": {"maxOutputTokens":9,"topP":1}}',
    ],
    [
      'but for an output limit, where the settings have nothing',
      '{"contents":[],"generation_config":{}}',
      '{"contents":[],"generation_config":{"maxOutputTokens":9}}',
    ],
    [
      'but for an output limit, where there is a larger one',
      '{"contents":[],"generation_config":{"topP":1,"max_output_tokens": 50}}',
      '{"contents":[],"generation_config":{"topP":1,"max_output_tokens": 9}}',
    ],
    [
      'but for an output limit, where the settings have a smaller one',
      '{"contents":[],"generationConfig":{"maxOutputTokens":5}}',
      '{"contents":[],"generationConfig":{"maxOutputTokens":5}}',
    ],
    [
      'but for an output limit, where there is one as text',
      '{"contents":[],"generationConfig":{"maxOutputTokens":"5"}}',
      '{"contents":[],"generationConfig":{"maxOutputTokens":5}}',
    ],
  ])('%s', (_, body, expected) => {
    expect([sent(body, null), sent(body, 9)]).toEqual([body, expected]);
  });

  it('but for the model, where the body names it', () => {
    const request = '{"model":"models/gem","content":{"parts":[{"text":"a"}]}}';
    const of = (endpoint: Endpoint, body: string) =>
      opened(body, endpoint).upstream('real', null).body.toString();
    expect(of(embedContent, request)).toBe(request.replace('models/gem', 'models/real'));
    expect(of(batchEmbedContents, `{"requests": [${request}]}`)).toBe(
      `{"requests": [${request.replace('models/gem', 'models/real')}]}`,
    );
  });
});

it('to count tokens asks the provider of the model, under the name that it has there', () => {
  const ask = (body: object) => {
    const found = countTokens.read({ body: Buffer.from(JSON.stringify(body)), target: TARGET }, 64);
    if (!found.ok) return found.refusal.code;
    const { path, body: sentBody, auth } = found.request.upstream('real', {});
    return [found.request.model, path, sentBody.toString(), auth];
  };
  const request = { model: 'models/gem', contents };
  const renamed = JSON.stringify({ model: 'models/real', contents });
  expect(ask({ generateContentRequest: request })).toEqual([
    ...['gem', '/models/real:countTokens', `{"generateContentRequest":${renamed}}`],
    'x-goog-api-key',
  ]);
  expect(ask({ contents })[2]).toBe(JSON.stringify({ contents }));
  expect(ask({ generateContentRequest: { model: 'models/other', contents } })).toBe(
    'invalid_request',
  );
});

describe('embeddings', () => {
  const text = (model: string | null, ...texts: string[]) => ({
    ...(model === null ? {} : { model }),
    content: { parts: texts.map((each) => ({ text: each })) },
  });

  it('are input alone, whose text can be counted', () => {
    const one = opened(text(null, 'a', 'b'), embedContent);
    const many = { requests: [text('models/gem', 'a'), text('gem', 'b')] };
    const both = opened(many, batchEmbedContents);
    for (const call of [one, both]) {
      expect([call.outputTokensMax, call.input(), call.unboundedBy]).toEqual([
        ...[0, { text: 'a\nb', ids: 0 }, null],
      ]);
    }
  });

  it('of another model than the path’s, or of pictures, are not priced as what they are not', () => {
    const other = { requests: [text('models/gem', 'a'), text('models/other', 'b')] };
    expect(code(other, batchEmbedContents)).toBe('invalid_request');
    const picture = { content: { parts: [{ inlineData: {} }] } };
    expect(opened(picture, embedContent).unboundedBy).toBe('content part `inlineData`');
  });
});

it('a refusal has the form of Google’s errors, and says what to do', () => {
  const limit = { scope: 'key', unit: 'usd', window: 'month', limit: '1', spent: null };
  const body = JSON.parse(errorBody({ code: 'budget_exceeded', limit: limit as never })) as object;
  expect(body).toEqual({
    error: {
      ...{ code: 402, status: 'RESOURCE_EXHAUSTED', message: expect.any(String) as string },
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          ...{ reason: 'BUDGET_EXCEEDED', domain: 'tollgate' },
          metadata: { scope: 'key', unit: 'usd', window: 'month', limit: '1' },
        },
      ],
    },
  });
});

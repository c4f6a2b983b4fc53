/** Every spelling of a path and every method gets one clean answer, and none is passed on unmetered. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createUpstream } from '@tollgate/adapters/provider/upstream.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProxy, type ProxyAppOptions } from '../app.ts';
import { LedgerView } from '../ledger-view/ledger-view.ts';
import { proxyLimits } from '../limits.ts';

const CHAT = '/v1/chat/completions';
const SERVED = ['org/m-chat:v1', '通义/千问:max', 'a b?c#d', `long-${'x'.repeat(200)}`];
const SITE = 'https://app.example';
const KEY = 'key_0123456789ABCDEFGHJKMNPQRS';
const HASH = 'a'.repeat(64);
const authorization = `Bearer ${formatKeySecret('live', new Uint8Array(32).fill(7))}`;

const directories: LedgerView[] = [];

function build(corsOrigins: string[]): FastifyInstance {
  const directory = new LedgerView(16);
  directories.push(directory);
  directory.apply({
    ...{ id: KEY, type: 'KeyIssued', stream: `key-${KEY}`, revision: 0n, position: '' },
    recordedAtMs: 0,
    data: {
      ...{ key_id: KEY, customer_id: 'cus_1', team_id: null, name: 'n', environment: 'live' },
      ...{ tags: {}, last_four: 'abcd', on_disconnect: 'drain', expires_at: null },
      ...{ hash: HASH, pepper_version: 1 },
    },
  });
  return buildProxy({
    deps: {
      ...{ directory, limits: proxyLimits, onRefused: () => undefined },
      secrets: { pepperVersions: [1], digestKey: () => ({ hash: HASH, pepper_version: 1 }) },
      deployments: {
        providers: [],
        configuredNames: () => [...SERVED, 'unpriced'],
        find: (name: string) =>
          SERVED.includes(name)
            ? { provider: { name: 'up' }, model: name }
            : { code: 'model_unpriced' },
      },
    },
    calls: { admit: () => null },
    metrics: async () => '',
    health: async () => ({ ready: true, checks: {} }),
    http: { isOurHost: () => true, metricsToken: undefined, corsOrigins },
    logger: { error: () => undefined },
  } as unknown as ProxyAppOptions);
}

/** Of the key, at every proxy. */
function limit(lists: object): void {
  for (const directory of directories) {
    directory.apply({
      ...{ id: KEY, type: 'KeyUpdated', stream: `key-${KEY}`, revision: 1n, position: '' },
      ...{ recordedAtMs: 0, data: { key_id: KEY, ...lists } },
    });
  }
}

let closed: FastifyInstance;
let open: FastifyInstance;
beforeAll(() => {
  closed = build([]);
  open = build([SITE]);
});
afterAll(() => Promise.all([closed.close(), open.close()]));

const get = (url: string) => closed.inject({ method: 'GET', url, headers: { authorization } });

// BerriAI/litellm#37271, ollama/ollama#10139
describe('a model by its name', () => {
  it('what is listed is served, and every listed name can be asked for, escaped or not', async () => {
    const { data } = (await get('/v1/models')).json<{ data: { id: string }[] }>();
    expect(data.map(({ id }) => id)).toEqual(SERVED);
    for (const model of data) {
      const escaped = await get(`/v1/models/${encodeURIComponent(model.id)}`);
      expect([escaped.statusCode, escaped.json()]).toEqual([200, model]);
    }
    expect((await get('/v1/models/org/m-chat:v1')).json()).toMatchObject({ id: SERVED[0] });
    expect((await get(`/v1/models/${encodeURI('通义/千问:max')}`)).json()).toEqual(data[1]);
  });

  it('one that would be refused is not there, and only a key may ask', async () => {
    const { statusCode, body } = await get('/v1/models/unpriced');
    expect([statusCode, JSON.parse(body).error.code]).toEqual([404, 'model_not_found']);
    expect((await closed.inject('/v1/models/org/m-chat:v1')).statusCode).toBe(401);
  });
});

// BerriAI/litellm#1062, maximhq/bifrost#808
it('a key that may not use it does not see it, and is told why when it asks for it', async () => {
  limit({ denied_models: ['*:max', 'gpt-9'] });
  const { data } = (await get('/v1/models')).json<{ data: { id: string }[] }>();
  expect(data.map(({ id }) => id)).toEqual(SERVED.filter((name) => !name.endsWith(':max')));
  const { statusCode, body } = await get(`/v1/models/${encodeURI('通义/千问:max')}`);
  expect([statusCode, JSON.parse(body).error]).toMatchObject([
    ...[403, { code: 'model_not_allowed', scope: 'key', reason: 'denied', pattern: '*:max' }],
  ]);
  expect((await get('/v1/models/gpt-9')).statusCode).toBe(404);
  limit({ denied_models: [] });
  expect((await get('/v1/models')).json().data).toHaveLength(SERVED.length);
});

describe('a method', () => {
  it('HEAD is answered as GET is, without a body', async () => {
    const headers = { authorization };
    const head = await closed.inject({ method: 'HEAD', url: '/v1/models', headers });
    expect([head.statusCode, head.body]).toEqual([200, '']);
  });

  it.each([
    ['HEAD', CHAT, 'OPTIONS, POST'],
    ['GET', CHAT, 'OPTIONS, POST'],
    ['PROPFIND', CHAT, 'OPTIONS, POST'],
    ['POST', '/v1/models', 'OPTIONS, GET, HEAD'],
    ['DELETE', '/v1/models/org/m-chat:v1', 'OPTIONS, GET, HEAD'],
    ['POST', '/healthz', 'OPTIONS, GET, HEAD'],
  ] as const)('%s %s is 405, and says what is taken', async (method, url, allow) => {
    const answer = await closed.inject({ method: method as 'GET', url });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, allow]);
    if (method !== 'HEAD') expect(answer.json().error.code).toBe('method_not_allowed');
  });
});

// decolua/9router#3659, pollinations/pollinations#10165
describe('a browser', () => {
  const ask = (app: FastifyInstance, origin: string, method: 'OPTIONS' | 'GET' = 'OPTIONS') =>
    app.inject({
      ...{ method, url: method === 'GET' ? '/v1/models' : CHAT },
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-stainless-os',
      },
    });

  it('is not served unless its site is listed: 405, whatever its key', async () => {
    for (const [app, origin] of [
      [closed, SITE],
      [open, 'https://evil.example'],
    ] as const) {
      const { statusCode, headers } = await ask(app, origin);
      expect([statusCode, headers['allow']]).toEqual([405, 'OPTIONS, POST']);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('of a listed site may send what SDKs send, and reads every answer', async () => {
    const { statusCode, headers, body } = await ask(open, SITE);
    expect([statusCode, body, headers]).toMatchObject([
      ...[204, ''],
      {
        'access-control-allow-origin': SITE,
        'access-control-allow-methods': 'OPTIONS, POST',
        'access-control-allow-headers': 'authorization,content-type,x-stainless-os',
        vary: 'Origin',
      },
    ]);
    const refused = await ask(open, SITE, 'GET');
    expect([refused.statusCode, refused.headers['access-control-allow-origin']]).toEqual([
      ...[401, SITE],
    ]);
  });
});

it('the same is served below the prefix of the interface', async () => {
  expect((await get('/openai/v1/models')).body).toBe((await get('/v1/models')).body);
  expect((await get('/openai/models?api-version=1')).body).toBe((await get('/v1/models')).body);
  const anthropic = await get('/anthropic/v1/models');
  expect([anthropic.statusCode, anthropic.json()]).toMatchObject([200, { has_more: false }]);
  expect((await get('/gemini/v1beta/models')).json()).toHaveProperty('models');
});

it.each([
  ...['/openai/v1/chat/completions', '/openai/v1/completions', '/openai/v1/responses'],
  ...['/openai/v1/embeddings', '/openai/deployments/gpt-x/chat/completions?api-version=1'],
  ...['/openai/deployments/a%2Fb/embeddings', '/openai/responses?api-version=1'],
  ...['/openai/responses/input_tokens', '/anthropic/v1/messages'],
  ...['/anthropic/v1/messages/count_tokens', '/gemini/v1beta/models/m:generateContent'],
])('%s is one of ours: a key is asked for', async (url) => {
  expect((await closed.inject({ method: 'POST', url })).statusCode).toBe(401);
});

// BerriAI/litellm#8350, apache/casbin-gateway#198, dativo-io/talon#345
it.each([
  ...['/v1/chat/completions/', '//v1/chat/completions', '/v1//chat/completions'],
  ...['/chat/completions', '/gateway/v1/chat/completions', '/v1/v1/chat/completions'],
  ...['/V1/Chat/Completions', '/v1/chat%2Fcompletions', '/v1/chat/completions//?api-version=1'],
])('%s is not served, and the answer names the path that is', async (url) => {
  const answer = await closed.inject({ method: 'POST', url, headers: { authorization } });
  const { code, message } = answer.json<{ error: { code: string; message: string } }>().error;
  expect([answer.statusCode, code]).toEqual([404, 'unknown_endpoint']);
  expect(message).toMatch(/Did you mean \/v1\/chat\/completions\?$/);
});

it('another interface is not served, and the answer names the one that is', async () => {
  const answer = await closed.inject({
    method: 'POST',
    url: '/v2/threads',
    headers: { authorization },
  });
  expect(answer.json().error.message).toMatch(/Use the chat completions .*\/v1\/chat\/comp/);
});

it.each<['GET' | 'POST', string, object]>([
  ['GET', '/v1/realtime?model=m', { upgrade: 'websocket', connection: 'Upgrade' }],
  ['POST', '/v1/realtime/client_secrets', {}],
  ['POST', '/openai/v1/realtime/calls', {}],
  ['POST', '/v1/batches', {}],
  ['GET', '/v1/files/file-1/content', {}],
  ['POST', '/v1/messages/batches', {}],
])('%s %s is refused by name', async (method, url, headers) => {
  const answer = await closed.inject({ method, url, headers: { authorization, ...headers } });
  expect([answer.statusCode, answer.json().error.code]).toEqual([404, 'unknown_endpoint']);
  expect(answer.json().error.message).toMatch(/serves no (realtime sessions|files and no batches)/);
});

it('nothing is proposed for a path that means none of ours', async () => {
  const { error } = (await closed.inject('/v1/%ff/files')).json();
  expect(error.message).not.toContain('Did you mean');
});

it.each([
  ['/v1', '/v1/chat/completions'],
  ['/v1/', '/v1/chat/completions'],
  ['/v1//', '/v1/chat/completions'],
  ['//api//v1/', '/api/v1/chat/completions'],
  ['', '/chat/completions'],
  ['/', '/chat/completions'],
])('a base URL with the path %j gives one path upstream', async (path, expected) => {
  const provider = createServer((request, response) => response.end(request.url));
  await once(provider.listen(0, '127.0.0.1'), 'listening');
  const { port } = provider.address() as AddressInfo;
  const upstream = createUpstream({
    ...{ baseUrl: `http://127.0.0.1:${port}${path}`, apiKey: '', connectionsMax: 1 },
    ...{ connectTimeoutMs: 5_000, headersTimeoutMs: 5_000, bodyTimeoutMs: 5_000 },
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let got = '';
  upstream.post(
    '/chat/completions',
    '{}',
    {},
    {
      onHeaders: () => undefined,
      onData: (chunk) => {
        got += String(chunk);
      },
      onEnd: () => resolve(got),
      onFailure: ({ cause }) => reject(cause),
    },
  );
  expect(await promise).toBe(expected);
  await upstream.close();
  provider.close();
});

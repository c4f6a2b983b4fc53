/** What providers answer without billing it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createUpstream, type Upstream } from '@tollgate/adapters/provider/upstream.ts';
import { afterEach, expect, it } from 'vitest';
import { proxyLimits } from '../limits.ts';
import type { Deployment } from '../routing/deployments.ts';
import { KeyRing } from '../routing/key-ring.ts';
import { type GateHouse, openGateHouse } from '../testing/gate-house.ts';

let house: GateHouse;
let server: Server;
let upstream: Upstream;
let asked: { url: string | undefined; headers: IncomingMessage['headers']; body: string }[];

afterEach(async () => {
  await house.close();
  await upstream.close();
  server.closeAllConnections();
  server.close();
});

async function open(
  answer: RequestListener,
  limits = {},
  more = {},
  apiKeys?: string[],
): Promise<void> {
  asked = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { url, headers } = request;
    asked.push({ url, headers, body: Buffer.concat(chunks).toString() });
    answer(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  upstream = createUpstream({
    ...{
      baseUrl: `http://127.0.0.1:${port}/v1`,
      apiKey: 'sk-provider',
      apiKeys,
      connectionsMax: 4,
    },
    ...{ connectTimeoutMs: 1_000, headersTimeoutMs: 10_000, bodyTimeoutMs: 10_000 },
  });
  const named = (apiKeys ?? []).map((name) => ({ name, weight: 1 }));
  const keys = named.length === 0 ? undefined : new KeyRing(named, proxyLimits);
  const deployment = { provider: { name: 'up', upstream, keys }, model: 'there' } as Deployment;
  house = await openGateHouse(limits, {
    ...more,
    deployments: {
      providers: [],
      candidate: (model: string, _provider: null, _nowMs: number, dialect: string) =>
        model === 'claude-x' && dialect === 'anthropic' ? deployment : { code: 'model_not_found' },
    },
  });
}

const BODY = { model: 'claude-x', messages: [{ role: 'user', content: 'hé' }] };

const count = (body: object | string = BODY, path = '/v1/messages/count_tokens') =>
  fetch(`http://127.0.0.1:${house.port}${path}`, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', 'x-api-key': house.secrets[0] },
      'anthropic-version': '2023-06-01',
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

// jwadow/kiro-gateway#88, vercel/ai#17326: a 404 broke agents, who ask before each call.
it.each(['/v1/messages/count_tokens', '/anthropic/v1/messages/count_tokens'])(
  '%s is answered by the provider of the model, and no record is made of it',
  async (path) => {
    await open((_request, response) => response.end('{"input_tokens":42}'));
    const response = await count(BODY, path);
    expect([response.status, await response.text()]).toEqual([200, '{"input_tokens":42}']);
    expect(asked).toMatchObject([
      {
        url: '/v1/messages/count_tokens',
        headers: { 'x-api-key': 'sk-provider', 'anthropic-version': '2023-06-01' },
        body: JSON.stringify({ ...BODY, model: 'there' }),
      },
    ]);
    expect([house.events, house.handler.inFlight]).toEqual([[], 0]);
  },
);

it('what the provider refuses is told as it said it, but for what it says of our account', async () => {
  let status = 429;
  await open((_request, response) => response.writeHead(status, { 'retry-after': '7' }).end('{}'));
  const limited = await count();
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
  status = 401;
  const refused = await count();
  expect([refused.status, await refused.json()]).toMatchObject([
    502,
    { type: 'error', error: { code: 'provider_auth_failed' } },
  ]);
});

it.each<[string, object | string, number, string]>([
  ['a model that nobody serves', { ...BODY, model: 'other' }, 404, 'model_not_found'],
  ['no JSON', '{', 400, 'invalid_json'],
  ['no messages', { model: 'claude-x' }, 400, 'invalid_request'],
  ['too much', { ...BODY, system: 'x'.repeat(500) }, 413, 'request_too_large'],
])(
  '%s is refused in the form of the dialect, and nothing is sent',
  async (_, body, status, code) => {
    await open((_request, response) => response.end('{}'), { freeRequestBytesMax: 400 });
    const response = await count(body);
    expect([response.status, await response.json(), asked]).toMatchObject([
      status,
      { type: 'error', error: { code } },
      [],
    ]);
  },
);

it('no text goes around the guardrails of a key', async () => {
  const guardrails = { guardOf: () => ({}) };
  await open((_request, response) => response.end('{"input_tokens":42}'), {}, { guardrails });
  const response = await count();
  expect([response.status, await response.json(), asked]).toMatchObject([
    403,
    { type: 'error', error: { code: 'request_blocked' } },
    [],
  ]);
});

it('an answer that does not come, or does not end, takes no more than its bounds', async () => {
  await open(() => undefined, { freeTimeoutMs: 50 });
  expect((await count()).status).toBe(504);
  await house.close();
  await upstream.close();
  server.closeAllConnections();
  server.close();
  await open((_request, response) => response.end('x'.repeat(2_000)), {
    freeAnswerBytesMax: 1_000,
  });
  expect((await count()).status).toBe(502);
  expect(house.handler.inFlight).toBe(0);
});

it('of several keys, one that the provider refuses is left alone, and another one is asked', async () => {
  await open(
    ({ headers }, response) => {
      response.writeHead(headers['x-api-key'] === 'sk-bad' ? 401 : 200).end('{"input_tokens":42}');
    },
    {},
    {},
    ['sk-bad', 'sk-good'],
  );
  expect((await count()).status).toBe(200);
  expect((await count()).status).toBe(200);
  expect(asked.map(({ headers }) => headers['x-api-key'])).toEqual([
    'sk-bad',
    'sk-good',
    'sk-good',
  ]);
});

it('when no key is left the client is told once, and each key was asked once', async () => {
  await open((_request, response) => response.writeHead(401).end('{}'), {}, {}, ['sk-a', 'sk-b']);
  expect((await count()).status).toBe(502);
  expect(asked).toHaveLength(2);
});

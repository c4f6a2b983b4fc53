/** What is asked of stored responses, over sockets on both sides: for their owner alone, byte for byte. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createUpstream, type Upstream } from '@tollgate/adapters/provider/upstream.ts';
import { afterEach, expect, it } from 'vitest';
import { azurePaths } from '../dialects/openai/azure-paths.ts';
import { proxyLimits } from '../limits.ts';
import type { Provider } from '../routing/deployments.ts';
import { type GateHouse, openGateHouse } from '../testing/gate-house.ts';
import { MemoryObjects } from '../testing/memory-objects.ts';
import { OwnedObjects } from './owned-objects.ts';

let house: GateHouse;
let server: Server;
let upstream: Upstream;
let owned: OwnedObjects;
let store: MemoryObjects;
let asked: string[];

afterEach(async () => {
  await house.close();
  await owned.close();
  await upstream.close();
  server.closeAllConnections();
  server.close();
});

async function open(
  answer: RequestListener,
  limits = {},
  more = {},
  pathOf?: Provider['pathOf'],
): Promise<void> {
  asked = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    asked.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
    answer(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  upstream = createUpstream({
    ...{ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'sk-provider', connectionsMax: 4 },
    ...{ connectTimeoutMs: 1_000, headersTimeoutMs: 10_000, bodyTimeoutMs: 10_000 },
  });
  store = new MemoryObjects();
  store.objects.set('resp_1', { owner: 'cus_0', provider: 'up' });
  const onError = () => undefined;
  owned = new OwnedObjects({ store, limits: proxyLimits, onError });
  const provider = { name: 'up', upstream, pathOf };
  const deployments = { providers: [provider], candidate: () => ({ provider, model: 'm' }) };
  house = await openGateHouse(limits, { deployments, owned, ...more });
}

const ask = (path: string, method = 'GET', customer = 0) =>
  fetch(`http://127.0.0.1:${house.port}${path}`, {
    ...{ method, headers: { authorization: `Bearer ${house.secrets[customer]}` } },
  });

it.each([
  ['GET', '/v1/responses/resp_1', '/v1/responses/resp_1'],
  ['GET', '/openai/v1/responses/resp_1', '/v1/responses/resp_1'],
  ['GET', '/v1/responses/resp_1?include[]=a&x=1', '/v1/responses/resp_1?include%5B%5D=a'],
  ['GET', '/v1/responses/resp_1/input_items?limit=2', '/v1/responses/resp_1/input_items?limit=2'],
  ['POST', '/v1/responses/resp_1/cancel', '/v1/responses/resp_1/cancel'],
  ['DELETE', '/v1/responses/resp_1', '/v1/responses/resp_1'],
])(
  'I10, I11: %s %s is answered by the provider that has it, for its owner alone',
  async (method, path, sent) => {
    const body = '{"id":"resp_1",  "é": 1}\n';
    await open((_request, response) => response.end(body));
    const theirs = await ask(path, method, 1);
    expect([theirs.status, asked]).toEqual([404, []]);
    const ours = await ask(path, method);
    expect([ours.status, await ours.text()]).toEqual([200, body]);
    expect(asked).toEqual([`${method} ${sent} Bearer sk-provider `]);
    expect(house.events).toEqual([]);
    await expect.poll(() => house.handler.inFlight).toBe(0);
    const isForgotten = method === 'DELETE';
    expect(store.objects.has('resp_1')).toBe(!isForgotten);
  },
);

it('a provider of Azure’s paths is asked with the version of its interface', async () => {
  await open((_request, response) => response.end('{}'), {}, {}, azurePaths('2024-10-21'));
  await ask('/v1/responses/resp_1/input_items?limit=2');
  expect(asked[0]).toContain('/responses/resp_1/input_items?limit=2&api-version=2024-10-21 ');
});

it('an id may be as long as gateways make theirs', async () => {
  await open((_request, response) => response.end('{}'));
  const id = `resp_${'x'.repeat(700)}`;
  store.objects.set(id, { owner: 'cus_0', provider: 'up' });
  expect((await ask(`/v1/responses/${id}`)).status).toBe(200);
  expect(asked[0]).toContain(`GET /v1/responses/${id} `);
});

it('what the provider refuses to delete is not forgotten', async () => {
  await open((_request, response) => response.writeHead(409).end('{}'));
  expect((await ask('/v1/responses/resp_1', 'DELETE')).status).toBe(409);
  expect(store.objects.has('resp_1')).toBe(true);
});

it('I1: what goes on is deleted once it is billed, and not before', async () => {
  let look: 'open' | 'done' = 'open';
  const background = { look: async () => look };
  await open((_request, response) => response.end('{}'), {}, { background });
  const running = { id: 'resp_1', owner: 'cus_0', provider: 'up', record: '{}' };
  await store.begin(running, 0);
  const early = await ask('/v1/responses/resp_1', 'DELETE');
  expect([early.status, asked]).toEqual([409, []]);
  look = 'done';
  expect((await ask('/v1/responses/resp_1', 'DELETE')).status).toBe(200);
});

it('I11: a stream is gone on with, event by event, from where it is asked for', async () => {
  let end = () => undefined as unknown;
  await open((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"a":1}\n\n');
    end = () => response.end('data: {"a":2}\n\n');
  });
  const response = await ask('/v1/responses/resp_1?stream=true&starting_after=4');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const read = async () => Buffer.from((await reader.read()).value ?? []).toString();
  expect(await read()).toBe('data: {"a":1}\n\n');
  end();
  expect(await read()).toBe('data: {"a":2}\n\n');
  expect(asked[0]).toContain('/v1/responses/resp_1?stream=true&starting_after=4');
});

it('what the provider says of our account is told to nobody', async () => {
  await open((_request, response) => response.writeHead(401).end('{"error":"key of org-1"}'));
  const response = await ask('/v1/responses/resp_1');
  expect([response.status, (await response.text()).includes('org-1')]).toEqual([502, false]);
});

it('one that takes too long is given up, and its provider’s connection with it', async () => {
  await open(() => undefined, { freeTimeoutMs: 50 });
  expect((await ask('/v1/responses/resp_1')).status).toBe(504);
  await expect.poll(() => house.handler.inFlight).toBe(0);
});

it('keys that guardrails apply to get nothing: nothing would look at it', async () => {
  await open(
    (_request, response) => response.end('{}'),
    {},
    { guardrails: { guardOf: () => ({}) } },
  );
  expect([(await ask('/v1/responses/resp_1')).status, asked]).toEqual([403, []]);
});

it('nothing is passed on while nobody can tell whose it is', async () => {
  await open((_request, response) => response.end('{}'));
  store.isAway = true;
  expect([(await ask('/v1/responses/resp_1')).status, asked]).toEqual([503, []]);
});

it('I10: how long a stored response is, its owner alone is told', async () => {
  await open((_request, response) => response.end('{"input_tokens":7}'));
  const count = (customer: number) =>
    fetch(`http://127.0.0.1:${house.port}/v1/responses/input_tokens`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${house.secrets[customer]}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ model: 'm', previous_response_id: 'resp_1' }),
    });
  expect([(await count(1)).status, asked]).toEqual([400, []]);
  expect([(await count(0)).status, asked.length]).toEqual([200, 1]);
});

it.each([
  ['PUT', '/v1/responses/resp_1', 'OPTIONS, GET, HEAD, DELETE'],
  ['GET', '/v1/responses/resp_1/cancel', 'OPTIONS, POST'],
])('%s %s is a method that the path does not take', async (method, path, allow) => {
  await open((_request, response) => response.end('{}'));
  const response = await ask(path, method);
  expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
});

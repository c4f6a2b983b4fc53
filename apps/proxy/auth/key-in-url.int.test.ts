/** Keys in the URL, as clients of Gemini send them: they work, and are seen nowhere (I12). */
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProxy, type ProxyAppOptions } from '../app.ts';
import { type CallOwner, Place } from '../call/in-flight.ts';
import { proxyLimits } from '../limits.ts';

const SECRET = formatKeySecret('live', new Uint8Array(32).fill(7));
const KEY = { keyId: 'key_1', customerId: 'cus_1', state: 'live', expiresAtMs: Infinity };

let app: FastifyInstance;
let fails = false;
/** What was logged, and what the parts behind the gate can see of a URL. */
const seen: string[] = [];

beforeAll(() => {
  const calls = {
    admit: () => null,
    enter: (key: CallOwner) => new Place({ left: () => undefined }, key),
    handle: (
      _endpoint: unknown,
      _key: unknown,
      _place: Place,
      request: FastifyRequest,
      reply: {
        send(body: object): void;
      },
    ) => {
      seen.push(request.url, String(request.raw.url));
      if (fails) throw new Error('the call failed');
      reply.send({});
    },
    refuse: (...given: unknown[]) => (given[3] as { send(body: object): void }).send({}),
  };
  const directory = {
    key: (hash: string) => (hash === `hash of ${SECRET}` ? KEY : undefined),
    archivedOwner: () => null,
    modelAccessOf: () => null,
  };
  const secrets = {
    pepperVersions: [1],
    digestKey: (secret: string) => ({ hash: `hash of ${secret}`, pepper_version: 1 }),
  };
  const deployments = { providers: [], configuredNames: () => [] };
  const follower = { catchUp: async () => true };
  app = buildProxy({
    deps: {
      directory,
      limits: proxyLimits,
      onRefused: () => undefined,
      secrets,
      deployments,
      follower,
    },
    calls,
    health: async () => ({ ready: true, checks: {} }),
    logger: {
      error: ({ err, ...fields }: { err: Error }, message: string) =>
        seen.push(JSON.stringify({ ...fields, message, err: err.stack })),
    },
  } as unknown as ProxyAppOptions);
});
afterAll(() => app.close());

const post = (url: string, headers: Record<string, string> = {}) =>
  app.inject({
    ...{ method: 'POST', url, headers: { 'content-type': 'application/json', ...headers } },
    payload: '{}',
  });

it('I12: a key in the query opens calls and lists, and nobody behind the gate sees it there', async () => {
  const action = '/v1beta/models/m:streamGenerateContent';
  for (fails of [false, true]) {
    const statuses = [
      (await post(`${action}?key=${SECRET}`)).statusCode,
      (await post(`${action}?alt=sse&key=${SECRET}`)).statusCode,
      (await post(`${action}?k%65y=${SECRET}&key=other`)).statusCode,
      (await post(`/gemini${action}?key=other`, { 'x-goog-api-key': SECRET })).statusCode,
    ];
    const expected = fails ? 500 : 200;
    expect(statuses).toEqual([expected, expected, expected, expected]);
  }
  expect((await app.inject({ url: `/v1beta/models?key=${SECRET}` })).json()).toEqual({
    models: [],
  });
  expect(seen.filter((each) => each.includes(SECRET) || each.includes('other'))).toEqual([]);
  expect(seen).toContain(`${action}?alt=sse`);
});

it('a key in the query opens nothing of another dialect, and a wrong one is refused in the form of this', async () => {
  expect((await post(`/v1/chat/completions?key=${SECRET}`)).statusCode).toBe(401);
  const refused = await post('/v1beta/models/m:generateContent?key=nonsense');
  expect([refused.statusCode, refused.json()]).toMatchObject([
    ...[401, { error: { code: 401, status: 'UNAUTHENTICATED' } }],
  ]);
});

it('an action that is not served is refused by name, and nothing is passed on', async () => {
  const before = seen.length;
  const refused = await post(`/v1beta/models/m:batchGenerateContent?key=${SECRET}`);
  expect([refused.statusCode, refused.body.includes('`embedContent`')]).toEqual([404, true]);
  expect(seen).toHaveLength(before);
});

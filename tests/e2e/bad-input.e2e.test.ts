import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPlatform, until } from './platform-house.ts';

let folder: string;
let platform: Started;
let admin: AdminClient;
let customerId: string;
let secret: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-bad-input-'));
  platform = await startPlatform({ data: join(folder, 'data'), proxies: 1 });
  admin = adminClient(platform.apiUrl, platform.adminToken);
  customerId = (await admin.post<{ id: string }>('/v1/customers', { name: 'c' })).id;
  secret = (await issue()).secret;
  await until(
    'the key works',
    async () => (await chat({ model: 'sim-small', messages })).status === 200,
  );
}, 60_000);
afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
});

const messages = [{ role: 'user', content: 'hi' }];
const issue = () =>
  admin.post<{ id: string; secret: string }>('/v1/keys', { customer_id: customerId, name: 'k' });

function chat(body: unknown, key = secret, path = '/v1/chat/completions') {
  return fetch(platform.proxyUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Announces 32 MiB and waits: a body that is never read need not be sent. */
async function announce(url: string, token: string): Promise<Response> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': 32 << 20,
  };
  const sent = request(url, { method: 'POST', headers });
  sent.on('error', () => undefined);
  sent.flushHeaders();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const text = await response.reduce((all, chunk) => all + String(chunk), '');
  sent.destroy();
  const type = response.headers['content-type'] ?? '';
  return new Response(text, {
    status: response.statusCode ?? 0,
    headers: { 'content-type': type },
  });
}

async function codeOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect(error.message.length).toBeGreaterThan(10);
  return `${response.status} ${error.code}`;
}

function api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return fetch(platform.apiUrl + path, {
    method,
    headers: {
      authorization: `Bearer ${platform.adminToken}`,
      'content-type': 'application/json',
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

async function problemOf(response: Response): Promise<string> {
  const problem = (await response.json()) as { code: string; status: number };
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return `${response.status} ${problem.code}`;
}

describe('bad input at the proxy gets a documented error in OpenAI’s dialect, never a 500', () => {
  const call = { model: 'sim-small', messages };
  const flipped = () => secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A');
  it.each<[string, () => Promise<Response>, string]>([
    ['no key', () => fetch(`${platform.proxyUrl}/v1/models`), '401 missing_api_key'],
    ['another provider’s key', () => chat(call, 'sk-abcdef'), '401 malformed_api_key'],
    ['a wrong checksum', () => chat(call, flipped()), '401 malformed_api_key'],
    ['an unknown path', () => chat(call, secret, '/v1/vector_stores'), '404 unknown_endpoint'],
    ['an unknown model', () => chat({ ...call, model: 'gpt-nope' }), '404 model_not_found'],
    ['an unpriced model', () => chat({ ...call, model: 'sim-unpriced' }), '400 model_unpriced'],
    ['malformed JSON', () => chat('{"model":'), '400 invalid_json'],
    ['no messages', () => chat({ model: 'sim-small' }), '400 invalid_request'],
    [
      'a body that is too large',
      () => announce(`${platform.proxyUrl}/v1/chat/completions`, secret),
      '413 request_too_large',
    ],
  ])('%s', async (_, send, expected) => {
    expect(await codeOf(await send())).toBe(expected);
  });

  it('a revoked key stops working within a second', async () => {
    const key = await issue();
    await until('it works', async () => (await chat(call, key.secret)).status === 200);
    await admin.post(`/v1/keys/${key.id}/revoke`, {});
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await codeOf(await chat(call, key.secret))).toBe('401 revoked_api_key');
  });
});

describe('bad input at the API gets a problem body, never a 500', () => {
  const customer = { name: 'x' };
  it.each<[string, () => Promise<Response>, string]>([
    ['no token', () => fetch(`${platform.apiUrl}/v1/customers`), '401 missing_token'],
    [
      'an unknown field',
      () => api('POST', '/v1/customers', { ...customer, nme: 1 }),
      '400 invalid_request',
    ],
    ['malformed JSON', () => api('POST', '/v1/customers', '{'), '400 invalid_json'],
    [
      'a tag that no record can keep',
      () =>
        api(
          'POST',
          '/v1/keys',
          `{"customer_id":"${customerId}","name":"k","tags":{"__proto__":"x"}}`,
        ),
      '400 invalid_request',
    ],
    [
      'more tags than a record can carry',
      () => {
        const tags = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`tag${n}`, 'x']));
        return api('POST', '/v1/keys', { customer_id: customerId, name: 'k', tags });
      },
      '400 invalid_request',
    ],
    ['an unknown path', () => api('GET', '/v1/nothing'), '404 unknown_path'],
    ['an unknown customer', () => api('GET', '/v1/customers/cus_x'), '404 customer_not_found'],
    [
      'a currency that nobody is billed in',
      () => api('POST', '/v1/customers', { ...customer, currency: 'XAU' }),
      '422 currency_not_supported',
    ],
    [
      'a key of no customer',
      () => api('POST', '/v1/keys', { customer_id: 'cus_x', name: 'k' }),
      '404 customer_not_found',
    ],
    [
      'a body that is too large',
      () => announce(`${platform.apiUrl}/v1/events`, platform.adminToken),
      '413 request_too_large',
    ],
    ['no event that is valid', () => api('POST', '/v1/events', [{}]), '422 no_event_accepted'],
    [
      'a period in a year that no event can hold',
      () => api('POST', '/v1/periods', { customer_id: customerId, start: '9999-12-15T00:00:00Z' }),
      '400 invalid_request',
    ],
    [
      'usage before the warehouse counts seconds',
      () => api('GET', '/v1/usage?start=1969-12-01T00:00:00.000Z&end=1970-01-01T00:00:00.000Z'),
      '400 invalid_request',
    ],
    [
      'usage after it has counted them',
      () => api('GET', '/v1/usage?start=2162-02-01T00:00:00.000Z&end=2162-03-01T00:00:00.000Z'),
      '400 invalid_request',
    ],
    [
      'a budget in a zone that is none',
      async () => {
        const { id } = await issue();
        const scope = { type: 'key', id };
        const answer = await api('POST', '/v1/budgets', {
          scope,
          limit: '5',
          time_zone: 'No/Land',
        });
        const listed = await api('GET', '/v1/budgets');
        return listed.ok ? answer : listed;
      },
      '400 invalid_request',
    ],
    [
      'a tier without a price below it',
      () => {
        const tiers = [{ from_input_tokens: 200_000, input: '5' }];
        const models = [{ model: 'm', output: '10', tiers }];
        return api('POST', '/v1/price_books', { provider: 'p', models });
      },
      '400 invalid_request',
    ],
  ])('%s', async (_, send, expected) => {
    expect(await problemOf(await send())).toBe(expected);
  });

  it('stores the valid events of a batch, names the bad one, and answers a repeat the same', async () => {
    const event = {
      specversion: '1.0',
      id: 'e-1',
      source: 'collector',
      type: 'usage',
      subject: customerId,
      time: new Date().toISOString(),
      data: {
        provider: 'simulator',
        model: 'sim-small',
        input_tokens: 1_000_000,
        requests: 1,
        tags: { feature: 'import' },
      },
    };
    const batch = [
      event,
      { ...event, id: 'e-2', time: 'yesterday' },
      { ...event, id: 'e-3' },
      event,
    ];
    const headers = { 'idempotency-key': 'batch-1' };
    const first = await api('POST', '/v1/events', batch, headers);
    const again = await api('POST', '/v1/events', batch, headers);
    const answer = (await first.json()) as { accepted: number; rejected: { id: string }[] };
    expect([first.status, answer.accepted, answer.rejected.map(({ id }) => id)]).toEqual([
      202,
      3,
      ['e-2'],
    ]);
    expect(await again.json()).toEqual(answer);
    const day = 86_400_000;
    const range = `start=${new Date(Date.now() - day).toISOString()}&end=${new Date(Date.now() + day).toISOString()}`;
    const query = `/v1/usage?${range}&customer_id=${customerId}&group_by=model&window=day`;
    await until('both count once, at the price of their time', async () => {
      const { data } = await admin.get<{ data: { model: string; input_tokens: number }[] }>(query);
      const used = data.find(({ model }) => model === 'sim-small')?.input_tokens ?? 0;
      // Two events of a million each; the chat calls of this file add a few more.
      return used >= 2_000_000 && used < 2_001_000;
    });
    const byTag = await admin.get<{ data: object[] }>(
      `/v1/usage?${range}&group_by=tag:feature,model&model=sim-small&time_zone=Asia/Kathmandu`,
    );
    expect(byTag.data).toContainEqual(
      expect.objectContaining({
        tag: 'import',
        events: 2,
        input_tokens: 2e6,
        cost: '0.300000000000',
      }),
    );
  });

  it.each([
    ['GET', '/v1/usage?start=2026-13-01T00:00:00.000Z&end=2026-12-01T00:00:00.000Z', 'query.start'],
    ['GET', '/v1/usage?start=2026-01-01T00:00:00.000Z&end=2026-02-30T00:00:00.000Z', 'query.end'],
    ['POST', '/v1/price_books', 'body.effective_from'],
    // It used to be stored as it came, and then the price list could not be read.
    ['POST', '/v1/price_books?', 'body.models.0.effective_from'],
    ['POST', '/v1/keys', 'body.expires_at'],
  ])('a date that no calendar knows is refused by name: %s %s', async (method, path, where) => {
    const date = '2026-02-30T00:00:00.000Z';
    const bodies: Record<string, object> = {
      '/v1/price_books': {
        provider: 'p',
        effective_from: date,
        models: [{ model: 'm', input: '1' }],
      },
      '/v1/price_books?': {
        provider: 'p',
        models: [{ model: 'm', input: '1', effective_from: '2026-02-30' }],
      },
      '/v1/keys': { customer_id: customerId, name: 'k', expires_at: date },
    };
    const response = await api(method, path, bodies[path]);
    const problem = (await response.json()) as { errors: { path: string; message: string }[] };
    expect([response.status, problem.errors]).toEqual([
      400,
      [{ path: where, message: expect.stringContaining('not a date and time that exists') }],
    ]);
  });

  it('another body under the same Idempotency-Key is refused', async () => {
    const headers = { 'idempotency-key': 'customer-1' };
    await api('POST', '/v1/customers', { name: 'a' }, headers);
    const other = await api('POST', '/v1/customers', { name: 'b' }, headers);
    expect(await problemOf(other)).toBe('422 idempotency_mismatch');
  });
});

describe('a provider that cannot be reached', () => {
  it('is a 502 that may be tried again', async () => {
    const house = await openPlatform();
    const key = await house.key(await house.customer());
    const proxy = await house.proxy('http://127.0.0.1:9/v1');
    const response = await fetch(`${proxy.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sim-small', messages }),
    });
    const code = await codeOf(response);
    await proxy.stop();
    await house.close();
    expect([code, response.headers.get('x-should-retry')]).toEqual([
      '502 upstream_unreachable',
      'true',
    ]);
  });
});

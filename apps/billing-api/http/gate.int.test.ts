/** What every request and every page of the API has, on a ledger alone. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { METHODS } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { hostPolicy } from '@tollgate/adapters/http/manners.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { openReplayKeys } from '@tollgate/adapters/secrets/replay-keys.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BillingApi, buildApi } from '../app.ts';
import type { ApiDeps } from '../context.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-gate-'));
let ledger: Ledger;
let api: BillingApi;
let token: string;
const errors: string[] = [];

beforeAll(async () => {
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const secrets = openSecrets(join(folder, 'secrets.json'));
  token = secrets.newAdminToken ?? '';
  api = await buildApi({
    replayKeys: openReplayKeys(null, Date.now),
    ...{ ledger, secrets, clock: Date.now, randomBytes: (length: number) => randomBytes(length) },
    onError: (message: string, error: Error) => errors.push(`${message}: ${error.stack}`),
    health: async () => ({ ready: true, checks: {} }),
    isOurHost: hostPolicy('127.0.0.1', []),
    metricsToken: 'm3trics',
  } as unknown as ApiDeps);
  await api.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await api.stop();
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Sends bytes as they are. @returns status, headers and body */
async function raw(...lines: string[]) {
  const { port } = api.app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const ended = once(socket, 'close');
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  await ended;
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { status: Number(head.slice(9, 12)), head: head.toLowerCase(), body };
}

const CLOSE = 'connection: close';
const HOST = 'host: 127.0.0.1';
const authorized = () => `authorization: Bearer ${token}`;

async function ask(method: 'GET' | 'POST', url: string, body?: string, headers: object = {}) {
  const answer = await api.app.inject({
    ...{ method, url, ...(body === undefined ? {} : { payload: body }) },
    headers: {
      ...{ authorization: `Bearer ${token}`, host: 'localhost' },
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  });
  return { status: answer.statusCode, text: answer.body, headers: answer.headers };
}

describe('every page', () => {
  it('may not be framed, sniffed or run, whatever it says', async () => {
    for (const path of ['/docs', '/openapi.json', '/healthz', '/metrics', '/v1/keys', '/nothing']) {
      const { headers } = await ask('GET', path);
      expect([path, headers['x-content-type-options']]).toEqual([path, 'nosniff']);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    }
    expect((await raw('nonsense')).head).toContain("frame-ancestors 'none'");
  });

  it('is refused to a name that another site made for this machine', async () => {
    for (const path of ['/docs', '/metrics', '/healthz', '/v1/customers', '/nothing']) {
      const { status, text } = await ask('GET', path, undefined, { host: 'evil.example:8788' });
      expect([path, status, JSON.parse(text).code]).toEqual([path, 421, 'host_not_allowed']);
    }
  });
});

describe('a request', () => {
  it('that states twice who asks, or what, is refused, even if both say the same', async () => {
    for (const twice of [authorized(), 'host: 127.0.0.1', 'content-type: application/json']) {
      const head = [`GET /v1/customers HTTP/1.1`, HOST, authorized(), CLOSE];
      const { status, body } = await raw(...head, twice, twice);
      expect([twice.slice(0, 9), status, JSON.parse(body).code]).toEqual([
        ...[twice.slice(0, 9), 400, 'repeated_header'],
      ]);
    }
  });

  it('of any method that Node reads is answered in our form, and never as our failure', async () => {
    const before = errors.length;
    for (const method of METHODS.filter((name) => name !== 'CONNECT' && name !== 'HEAD')) {
      for (const path of ['/v1/customers', '/v1/customers/x', '/docs', '/nothing', '*']) {
        const head = [`${method} ${path} HTTP/1.1`, HOST, authorized(), CLOSE];
        const { status, body } = await raw(...head, 'content-length: 0');
        expect([method, path, status < 500]).toEqual([method, path, true]);
        if (status < 400) continue;
        expect([method, path, Object.keys(JSON.parse(body))]).toEqual([
          ...[method, path, expect.arrayContaining(['code', 'action', 'request_id'])],
        ]);
      }
    }
    expect(errors.slice(before)).toEqual([]);
  });

  it.each([
    ['a method nobody knows', ['BREW / HTTP/1.1', HOST], 400, 'malformed_request'],
    [
      'a path that cannot be decoded',
      ['GET /v1/keys/%zz HTTP/1.1', HOST],
      400,
      'malformed_request',
    ],
    [
      'a part that is too long',
      [`GET /v1/keys/${'k'.repeat(4000)} HTTP/1.1`, HOST],
      404,
      'unknown_path',
    ],
    [
      'headers that are too large',
      ['GET / HTTP/1.1', HOST, `x: ${'x'.repeat(20_000)}`],
      431,
      'headers_too_large',
    ],
  ])('with %s gets a problem of ours', async (_name, head, status, code) => {
    const answer = await raw(...head, CLOSE);
    expect(answer.status).toBe(status);
    expect(answer.head).toContain('application/problem+json');
    expect(answer.head).toContain("frame-ancestors 'none'");
    expect(JSON.parse(answer.body).code).toBe(code);
  });
});

it('I12: a token in a path, a query or a header is in no log line, though the request fails', async () => {
  const before = errors.length;
  const range = 'start=2026-01-01T00:00:00.000Z&end=2026-01-02T00:00:00.000Z';
  const statuses: number[] = [];
  for (const url of [`/v1/usage?${range}&model=`, '/v1/keys?token=', '/v1/keys/', '/']) {
    const asked = url + encodeURIComponent(token);
    statuses.push((await ask('GET', asked, undefined, { referer: asked, cookie: token })).status);
  }
  // Without a warehouse the first one fails, and only failures are logged.
  expect(statuses).toEqual([500, 400, 404, 404]);
  const logged = errors.slice(before);
  expect([logged.length, logged.filter((line) => line.includes(token))]).toEqual([1, []]);
});

describe('ids and names', () => {
  it('of our own bound of 256 characters work in a path, whatever they are made of', async () => {
    for (const external_id of ['a'.repeat(256), '界'.repeat(256), '😀'.repeat(128)]) {
      const made = await ask('POST', '/v1/customers', JSON.stringify({ name: 'n', external_id }));
      expect(made.status).toBe(201);
      const found = await ask('GET', `/v1/customers/${encodeURIComponent(external_id)}`);
      expect([found.status, JSON.parse(found.text).external_id]).toEqual([200, external_id]);
    }
  });

  it('are whole code points: halves of pairs would all be the same in UTF-8', async () => {
    for (const half of ['\\ud800', '\\uDBFF', '\\udc00', '\\ud83dx', 'x\\udfff\\ud800']) {
      for (const body of [`{"name":"n","external_id":"${half}"}`, `{"name":"n","${half}":1}`]) {
        const { status, text } = await ask('POST', '/v1/customers', body);
        expect([status, JSON.parse(text).code]).toEqual([400, 'text_not_unicode']);
      }
    }
    const pair = await ask('POST', '/v1/customers', '{"name":"n","external_id":"\\ud83d\\ude00"}');
    expect([pair.status, JSON.parse(pair.text).external_id]).toEqual([201, '😀']);
  });

  it('of time zones are stored in their one spelling', async () => {
    const made = await ask('POST', '/v1/customers', '{"name":"n","time_zone":"europe/BERLIN"}');
    const { id, time_zone } = JSON.parse(made.text);
    expect(time_zone).toBe('Europe/Berlin');
    const periods = await ask('GET', `/v1/periods?customer_id=${id}`);
    expect(JSON.parse(periods.text).data[0].time_zone).toBe('Europe/Berlin');
  });
});

it('the metrics can have a token of their own, and the admin token is not it', async () => {
  const look = async (authorization: string) => {
    const { status, text } = await ask('GET', '/metrics', undefined, { authorization });
    return status === 200 ? 200 : [status, JSON.parse(text).code];
  };
  expect([await look('Bearer m3trics'), await look(`Bearer ${token}`), await look('')]).toEqual([
    200,
    [401, 'metrics_token_required'],
    [401, 'metrics_token_required'],
  ]);
});

// agentgateway#2402, new-api#4913, mlflow#24573: collectors compress above a size.
describe('a compressed body', () => {
  const customer = Buffer.from(JSON.stringify({ name: 'packed' }));
  const spaces = Buffer.alloc(9 * 1024 * 1024, ' ');
  const quickBrotli = (bytes: Buffer) =>
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

  async function send(encoding: string, body: Buffer, path = '/v1/customers') {
    const { port } = api.app.server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', 'content-encoding': encoding },
        authorization: `Bearer ${token}`,
      },
      body: new Uint8Array(body),
    });
    const { code } = (await response.json()) as { code?: string };
    return [response.status, code, response.headers.get('accept-encoding')];
  }

  it.each([
    ['gzip', gzipSync(customer)],
    ['GZIP', gzipSync(customer)],
    ['gzip, identity', gzipSync(customer)],
    ['deflate', deflateSync(customer)],
    ['br', brotliCompressSync(customer)],
    ['zstd', zstdCompressSync(customer)],
    ['identity', customer],
  ])('in %s is read as what it unpacks to', async (encoding, body) => {
    expect(await send(encoding, body)).toEqual([201, undefined, null]);
    // Their bodies are read, too: these are wrong in another way.
    expect((await send(encoding, body, '/v1/sql'))[1]).toBe('invalid_request');
    expect((await send(encoding, body, '/v1/events'))[1]).toBe('no_event_accepted');
  });

  it.each([
    ['lzma', customer, 415, 'unsupported_encoding'],
    ['gzip, br', customer, 415, 'unsupported_encoding'],
    ['gzip', customer, 400, 'invalid_encoding'],
    ['gzip', gzipSync(customer).subarray(0, -5), 400, 'invalid_encoding'],
    ['zstd', gzipSync(customer), 400, 'invalid_encoding'],
    ['gzip', gzipSync(spaces), 413, 'request_too_large'],
    ['zstd', zstdCompressSync(spaces), 413, 'request_too_large'],
    ['br', quickBrotli(spaces), 413, 'request_too_large'],
  ])('in %s that cannot be taken is refused: %#', async (encoding, body, status, code) => {
    const accepts = status === 415 ? 'gzip, deflate, br, zstd' : null;
    expect(await send(encoding, body)).toEqual([status, code, accepts]);
  });
});

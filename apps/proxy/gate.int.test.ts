/** What every request and every page of the proxy has, whatever its key and its path. */
import { once } from 'node:events';
import { METHODS } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { hostPolicy } from '@tollgate/adapters/http/manners.ts';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProxy, type ProxyAppOptions } from './app.ts';
import { LedgerView } from './ledger-view/ledger-view.ts';
import { proxyLimits } from './limits.ts';

let app: FastifyInstance;
const failures: string[] = [];

beforeAll(async () => {
  app = buildProxy({
    deps: {
      directory: new LedgerView(16),
      limits: proxyLimits,
      onRefused: () => undefined,
      secrets: { pepperVersions: [1], digestKey: () => ({ hash: '', pepper_version: 1 }) },
    },
    calls: { admit: () => null },
    metrics: async () => 'numbers',
    health: async () => ({ ready: true, checks: {} }),
    http: { isOurHost: hostPolicy('127.0.0.1', ['gateway.example']), metricsToken: 'm3trics' },
    logger: { error: (_fields: object, message: string) => failures.push(message) },
  } as unknown as ProxyAppOptions);
  await app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => app.close());

async function raw(...lines: string[]) {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const ended = once(socket, 'close');
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.write(`${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`);
  await ended;
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { status: Number(head.slice(9, 12)), head: head.toLowerCase(), body };
}

const HOST = 'host: 127.0.0.1';
const codeOf = (body: string) => JSON.parse(body).error.code;

it('a page may not be framed, sniffed or run, whatever it says', async () => {
  for (const path of ['/healthz', '/metrics', '/v1/models', '/v1/chat/completions', '/nothing']) {
    const { head } = await raw(`GET ${path} HTTP/1.1`, HOST);
    expect(head).toContain('x-content-type-options: nosniff');
    expect(head).toContain("frame-ancestors 'none'");
  }
});

it('a name that another site made for this machine is not ours', async () => {
  for (const path of ['/healthz', '/metrics', '/v1/models', '/nothing']) {
    const { status, body } = await raw(`GET ${path} HTTP/1.1`, 'host: evil.example:8787');
    expect([status, codeOf(body)]).toEqual([421, 'host_not_allowed']);
    const listed = await raw(`GET ${path} HTTP/1.1`, 'host: gateway.example:8787');
    expect(listed.status).not.toBe(421);
  }
});

it('two keys in one request are refused: who pays must not depend on who reads it', async () => {
  for (const name of ['authorization', 'x-api-key']) {
    const one = `${name}: Bearer tg_live_a`;
    const { status, body } = await raw('POST /v1/chat/completions HTTP/1.1', HOST, one, one);
    expect([status, JSON.parse(body).error]).toMatchObject([
      400,
      { code: 'repeated_header', param: name },
    ]);
  }
});

it('any method that Node reads is answered in our form, and never as our failure', async () => {
  for (const method of METHODS.filter((name) => name !== 'CONNECT' && name !== 'HEAD')) {
    for (const path of ['/v1/chat/completions', '/v1/models', '/healthz', '/nothing', '*']) {
      const { status, body } = await raw(`${method} ${path} HTTP/1.1`, HOST, 'content-length: 0');
      expect([method, path, status < 500]).toEqual([method, path, true]);
      if (status < 400) continue;
      expect([method, path, Object.keys(JSON.parse(body).error)]).toEqual([
        ...[method, path, expect.arrayContaining(['message', 'type', 'code'])],
      ]);
    }
  }
  expect(failures).toEqual([]);
});

it.each([
  ['a method nobody knows', ['BREW / HTTP/1.1', HOST], 400, 'malformed_request'],
  [
    'headers that are too large',
    ['GET / HTTP/1.1', HOST, `x: ${'x'.repeat(20_000)}`],
    431,
    'headers_too_large',
  ],
  ['a path that cannot be decoded', ['GET /v1/%zz HTTP/1.1', HOST], 404, 'unknown_endpoint'],
  [
    'a length that is none',
    ['POST /v1/chat/completions HTTP/1.1', HOST, 'content-length: -1'],
    400,
    'malformed_request',
  ],
])('%s gets an error of ours', async (_name, head, status, code) => {
  const answer = await raw(...head);
  expect([answer.status, codeOf(answer.body)]).toEqual([status, code]);
  expect(answer.head).toContain("frame-ancestors 'none'");
});

it('the metrics can have a token of their own', async () => {
  const none = await raw('GET /metrics HTTP/1.1', HOST);
  expect([none.status, codeOf(none.body)]).toEqual([401, 'metrics_token_required']);
  const given = await raw('GET /metrics HTTP/1.1', HOST, 'authorization: Bearer m3trics');
  expect([given.status, given.body]).toEqual([200, 'numbers']);
});

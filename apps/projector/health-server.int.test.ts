import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type HealthServer, healthServer, type Watched } from './health-server.ts';

const METRICS = 'tollgate_projector_lag_records 7\n';
const projector: Watched = {
  metrics: async () => METRICS,
  lag: () => 7n,
  applied: () => 1n,
  owned: () => [0, 1, 3],
};

let server: HealthServer;
beforeEach(async () => {
  server = await healthServer(projector, { host: '127.0.0.1', port: 0 });
});
afterEach(() => server.close());

async function get(path: string): Promise<[number, string | null, string]> {
  const response = await fetch(server.url + path);
  return [response.status, response.headers.get('content-type'), await response.text()];
}

it('tells an orchestrator that it lives, what it owns and how far it is', async () => {
  const json = 'application/json';
  expect(await get('/healthz')).toEqual([200, json, '{"status":"ok"}']);
  const ready = '{"ready":true,"checks":{"partitions":3,"lag":"7"}}';
  expect(await get('/readyz?verbose')).toEqual([200, json, ready]);
  expect(await get('/metrics')).toEqual([200, 'text/plain; version=0.0.4', METRICS]);
  expect(await get('/')).toEqual([404, json, expect.stringContaining('unknown path')]);
});

it('listens where it was told, or says why it cannot', async () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  const taken = Number(new URL(server.url).port);
  await expect(healthServer(projector, { host: '127.0.0.1', port: taken })).rejects.toThrow(
    'EADDRINUSE',
  );
});

it('closes although a client keeps its connection open', async () => {
  await get('/healthz');
  await server.close();
  await expect(get('/healthz')).rejects.toThrow();
  server = await healthServer(projector, { host: '127.0.0.1', port: 0 });
});

/** A client that has sent half of its request. */
async function halfRequest({ url }: HealthServer): Promise<Socket> {
  const client = connect(Number(new URL(url).port), '127.0.0.1');
  await once(client, 'connect');
  client.write('GET /healthz HTTP/1.1\r\n');
  client.resume();
  return client;
}

it('closes although a client is in the midst of its request', async () => {
  const client = await halfRequest(server);
  // The server has seen the client once it has answered one that came later.
  await get('/healthz');
  const ended = once(client, 'close');
  await server.close();
  await ended;
  server = await healthServer(projector, { host: '127.0.0.1', port: 0 });
});

it('is not ready once it has something to do and does not advance', async () => {
  let applied = 5n;
  const stuck = { ...projector, lag: () => 3n, applied: () => applied };
  const watched = await healthServer(stuck, { host: '127.0.0.1', port: 0 });
  const ask = async () => {
    const response = await fetch(`${watched.url}/readyz`);
    return [response.status, ((await response.json()) as { checks: { lag: string } }).checks.lag];
  };
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
  try {
    expect(await ask()).toEqual([200, '3']);
    clock.mockReturnValue(30_000);
    expect(await ask()).toEqual([503, 'does not advance, 3 records left']);
    applied = 6n;
    expect(await ask()).toEqual([200, '3']);
  } finally {
    clock.mockRestore();
    await watched.close();
  }
});

it('shows no page to a name of another site, and its metrics to who has their token', async () => {
  const isOurHost = (host?: string) => host !== 'evil.example';
  const http = { isOurHost, metricsToken: 'm3trics' };
  const guarded = await healthServer(projector, { host: '127.0.0.1', port: 0 }, http);
  const ask = (path: string, headers: Record<string, string>) =>
    new Promise<[number | undefined, string, string]>((resolve, reject) => {
      request(guarded.url + path, { headers }, async (response) => {
        const policy = String(response.headers['content-security-policy']);
        resolve([response.statusCode, policy, await text(response)]);
      })
        .on('error', reject)
        .end();
    });
  const csp = expect.stringContaining("frame-ancestors 'none'");
  const why = expect.stringMatching(/^{"error":".*(?:name|token)/);
  expect(await ask('/healthz', { host: 'evil.example' })).toEqual([421, csp, why]);
  expect(await ask('/metrics', {})).toEqual([401, csp, why]);
  const authorization = 'Bearer m3trics';
  expect(await ask('/metrics', { authorization })).toEqual([200, csp, METRICS]);
  expect(await ask('/healthz', {})).toEqual([200, csp, '{"status":"ok"}']);
  await guarded.close();
});

it('cuts off a client that does not end its request', async () => {
  const impatient = await healthServer(projector, { host: '127.0.0.1', port: 0 }, undefined, 50);
  const client = await halfRequest(impatient);
  await once(client, 'close');
  await impatient.close();
});

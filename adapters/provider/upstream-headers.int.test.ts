/** How a provider is shown its key, and what else each request to it says. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthStyle } from '@tollgate/schemas/config/provider-dialects.ts';
import { expect, it, onTestFinished } from 'vitest';
import { createUpstream, type UpstreamOptions } from './upstream.ts';

async function headersSent(
  options: Pick<UpstreamOptions, 'apiKey' | 'apiKeys' | 'auth' | 'headers'>,
  given: Record<string, string> = {},
  auth?: AuthStyle,
  key?: number,
): Promise<IncomingHttpHeaders> {
  let seen: IncomingHttpHeaders = {};
  const server = createServer((request, response) => {
    seen = request.headers;
    response.end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const upstream = createUpstream({
    baseUrl: `http://127.0.0.1:${port}/v1`,
    ...{ connectionsMax: 1, connectTimeoutMs: 1_000, headersTimeoutMs: 5_000 },
    bodyTimeoutMs: 5_000,
    ...options,
  });
  onTestFinished(async () => {
    await upstream.close();
    server.close();
  });
  await new Promise<void>((resolve, reject) => {
    const handler = {
      onHeaders: () => undefined,
      onData: () => undefined,
      onEnd: resolve,
      onFailure: ({ cause }: { cause: Error }) => reject(cause),
    };
    upstream.post('/x', '{}', given, handler, auth, key);
  });
  return seen;
}

it.each<[AuthStyle | undefined, string, string]>([
  [undefined, 'authorization', 'Bearer k'],
  ['bearer', 'authorization', 'Bearer k'],
  ['x-api-key', 'x-api-key', 'k'],
  ['x-goog-api-key', 'x-goog-api-key', 'k'],
  ['api-key', 'api-key', 'k'],
])('a key that is shown as %s is in one header alone', async (style, name, value) => {
  const keys = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key'];
  const seen = await headersSent({ apiKey: 'k' }, {}, style);
  expect(keys.filter((key) => seen[key] !== undefined)).toEqual([name]);
  expect(seen[name]).toBe(value);
  const set = await headersSent({ apiKey: 'k', auth: 'api-key' }, {}, style);
  expect(keys.map((key) => set[key])).toEqual([undefined, undefined, undefined, 'k']);
});

it('what the operator sets comes before what a request says, and the gateway’s own before both', async () => {
  const headers = { 'anthropic-beta': 'ours', 'x-project': 'p' };
  const given = { 'anthropic-beta': 'theirs', 'anthropic-version': 'v', 'accept-encoding': 'gzip' };
  expect(await headersSent({ apiKey: '', headers }, given)).toMatchObject({
    ...{ 'anthropic-beta': 'ours', 'x-project': 'p', 'anthropic-version': 'v' },
    'accept-encoding': 'identity',
  });
  expect(await headersSent({ apiKey: '' })).not.toHaveProperty('authorization');
});

it('of several keys each request shows the one that it says', async () => {
  const apiKeys = ['k', 'l', 'm'];
  const shown = await Promise.all(
    [undefined, 0, 1, 2].map(async (key) => {
      const seen = await headersSent({ apiKey: '', apiKeys }, {}, 'x-api-key', key);
      return seen['x-api-key'];
    }),
  );
  expect(shown).toEqual(['k', 'k', 'l', 'm']);
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createUpstream, type UpstreamFailure } from './upstream.ts';

it('a request that waits for a socket ends at once when it is aborted, unsent', async () => {
  const server = createServer(() => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const upstream = createUpstream({
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: '',
    connectionsMax: 1,
    connectTimeoutMs: 1_000,
    headersTimeoutMs: 60_000,
    bodyTimeoutMs: 60_000,
  });
  const ignore = {
    onHeaders: () => undefined,
    onData: () => undefined,
    onEnd: () => undefined,
    onFailure: () => undefined,
  };
  upstream.post('/first', '{}', {}, ignore);
  await once(server, 'request');
  const failures: UpstreamFailure[] = [];
  const onFailure = (failure: UpstreamFailure) => failures.push(failure);
  const waiting = upstream.post('/second', '{}', {}, { ...ignore, onFailure });
  waiting.abort(new Error('the attempt took too long'));
  expect(failures).toMatchObject([{ kind: 'aborted', unsent: true }]);
  await upstream.close();
  expect(failures).toHaveLength(1);
  server.closeAllConnections();
  server.close();
});

/** Where an orchestrator asks whether an exporter lives: its event loop turns, and its stores are open. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PAGE_HEADERS } from '@tollgate/adapters/http/manners.ts';
import { exporterLimits } from './limits.ts';

export type HealthServer = { url: string; close(): Promise<void> };

/** @throws Error if the port cannot be listened on */
export async function openHealth(at: { host: string; port: number }): Promise<HealthServer> {
  const { healthRequestMs: requestTimeout } = exporterLimits;
  const patience = { requestTimeout, connectionsCheckingInterval: requestTimeout };
  const server = createServer(patience, (request, response) => {
    const isThere = request.url?.split('?', 1)[0] === '/healthz';
    const body = isThere ? { status: 'ok' } : { error: 'unknown path: /healthz is here' };
    response.writeHead(isThere ? 200 : 404, {
      'content-type': 'application/json',
      ...PAGE_HEADERS,
    });
    response.end(JSON.stringify(body));
  });
  server.listen(at.port, at.host);
  await once(server, 'listening');
  return {
    url: `http://${at.host}:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

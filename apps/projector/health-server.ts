/** What a projector process tells an orchestrator: that it lives, what it owns, how far it is. */
import { createServer } from 'node:http';
import type { HttpSettings } from '@tollgate/adapters/config/http-settings.ts';
import { anyHost, hasToken, PAGE_HEADERS } from '@tollgate/adapters/http/manners.ts';
import { Fault, Progress } from '@tollgate/adapters/http/readiness.ts';
import { METRICS_TYPE } from '@tollgate/adapters/metrics/families.ts';
import { projectorLimits } from './limits.ts';
import type { Projector } from './projector.ts';

/** The projector of this process, and what /metrics answers. */
export type Watched = Pick<Projector, 'lag' | 'applied' | 'owned'> & {
  metrics(): Promise<string>;
};

export type HealthServer = { url: string; close(): Promise<void> };

/**
 * @param requestMs a client that takes longer to send its request is cut off, within twice the time
 * @throws Error if the port cannot be listened on
 */
export async function healthServer(
  projector: Watched,
  at: { host: string; port: number },
  http: HttpSettings = { isOurHost: anyHost, metricsToken: undefined },
  requestMs = projectorLimits.healthRequestMs,
): Promise<HealthServer> {
  const progress = new Progress(projectorLimits.stalledMs);
  const advances = () => {
    try {
      const lag = progress.look(projector.applied(), projector.lag(), performance.now());
      return { ready: true, lag };
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      return { ready: false, lag: fault.message };
    }
  };
  const patience = { requestTimeout: requestMs, connectionsCheckingInterval: requestMs };
  const server = createServer(patience, (request, response) => {
    const json = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json', ...PAGE_HEADERS });
      response.end(JSON.stringify(body));
    };
    if (!http.isOurHost(request.headers.host)) {
      return json(421, { error: 'this server does not answer to that name' });
    }
    const path = request.url?.split('?', 1)[0];
    if (path === '/healthz') return json(200, { status: 'ok' });
    if (path === '/readyz') {
      const { ready, lag } = advances();
      const checks = { partitions: projector.owned().length, lag };
      return json(ready ? 200 : 503, { ready, checks });
    }
    if (path === '/metrics') {
      if (!hasToken(request.headers.authorization, http.metricsToken ?? null)) {
        return json(401, { error: 'the metrics have a token of their own' });
      }
      return void projector.metrics().then(
        (text) => {
          response.writeHead(200, { 'content-type': METRICS_TYPE, ...PAGE_HEADERS });
          response.end(text);
        },
        () => json(503, { error: 'the metrics cannot be had right now' }),
      );
    }
    return json(404, { error: 'unknown path: /healthz, /readyz and /metrics are here' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : at.port;
  return {
    url: `http://${at.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Builds the simulator's HTTP server, without listening, and its orderly end. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Bill } from './bill/bill.ts';
import { authorise, type CallServices, handleCall, requestIdOf } from './calls/call-handler.ts';
import { Traffic } from './calls/traffic.ts';
import { handleControl, sendJson } from './http/control.ts';
import { ApiError } from './http/openai-error.ts';
import { GlobalKnobs } from './knobs/global-knobs.ts';
import { limits } from './limits.ts';
import { type Model, models } from './price-table.ts';

export type App = {
  readonly server: Server;
  /**
   * Stops accepting calls, lets running calls end within the bound, and charges those that are cut
   * off then.
   */
  readonly stop: () => Promise<void>;
};

/** `say` gets one line for each failure that is not the client's fault. */
export function buildApp(bill: Bill, say: (message: string) => void): App {
  const services = { bill, knobs: new GlobalKnobs(), traffic: new Traffic() };
  const server = createServer(
    {
      headersTimeout: limits.requestHeadersTimeoutMs,
      requestTimeout: limits.requestBodyTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
    },
    (request, response) => {
      serve(services, request, response).catch((cause: unknown) => {
        refuse(response, cause, say);
      });
    },
  );
  return { server, stop: () => stop(server, services) };
}

async function serve(
  services: CallServices,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  requestIdOf(response);
  const { method, url: target = '/' } = request;
  if (method === 'POST' && (target === '/v1/chat/completions' || target === '/v1/embeddings')) {
    return handleCall(services, request, response, target);
  }
  const url = URL.parse(target, 'http://simulator');
  if (url === null) throw new ApiError(400, 'The request target is not a URL.', 'unknown_url');
  if (url.pathname.startsWith('/sim/')) {
    return handleControl(services, request, response, url);
  }
  if (url.pathname === '/healthz') return sendJson(response, 200, '{"status":"ok"}');
  authorise(request);
  const listed = /^\/v1\/models(?:\/([^/]+))?$/.exec(url.pathname);
  if (method !== 'GET' || listed === null) {
    throw new ApiError(404, `Unknown request URL: ${method} ${url.pathname}.`, 'unknown_url');
  }
  sendJson(response, 200, JSON.stringify(modelsBody(listed[1])));
}

function modelsBody(id: string | undefined): object {
  const card = (model: Model) => ({
    id: model.id,
    object: 'model',
    created: 1_700_000_000,
    owned_by: 'simulator',
  });
  if (id === undefined) return { object: 'list', data: [...models.values()].map(card) };
  const model = models.get(id);
  if (model === undefined) {
    throw new ApiError(404, 'The model does not exist.', 'model_not_found', 'model');
  }
  return card(model);
}

function refuse(response: ServerResponse, cause: unknown, say: (message: string) => void): void {
  if (response.destroyed) return;
  const known = cause instanceof ApiError;
  if (!known) say(`unexpected failure: ${cause instanceof Error ? cause.stack : String(cause)}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const error = known ? cause : new ApiError(500, 'The simulator failed.', 'simulator_failed');
  if (error.status === 429) response.setHeader('retry-after', '1');
  sendJson(response, error.status, error.body());
}

async function stop(server: Server, { traffic, bill }: CallServices): Promise<void> {
  server.close();
  await traffic.drain(limits.drainMsMax);
  // Calls that outlast the drain see their socket close, and charge what they have generated.
  server.closeAllConnections();
  await traffic.drain(limits.drainMsMax);
  await bill.close();
}

/** Builds the simulator's HTTP server, without listening, and its orderly end. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Bill } from './bill/bill.ts';
import { type CallServices, handleCall, requestIdOf } from './calls/call-handler.ts';
import type { Dialect } from './calls/dialect.ts';
import { Traffic } from './calls/traffic.ts';
import { handleControl, sendJson } from './http/control.ts';
import { dialectOf, findEndpoint } from './http/endpoints.ts';
import { ApiError } from './http/openai-error.ts';
import { GlobalKnobs } from './knobs/global-knobs.ts';
import { limits } from './limits.ts';

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
      void serve(services, request, response, say);
    },
  );
  return { server, stop: () => stop(server, services) };
}

async function serve(
  services: CallServices,
  request: IncomingMessage,
  response: ServerResponse,
  say: (message: string) => void,
): Promise<void> {
  const { method, url: target = '/' } = request;
  const url = URL.parse(target, 'http://simulator');
  const found = url === null ? undefined : findEndpoint(request, url);
  const dialect = found?.dialect ?? dialectOf(request, url);
  try {
    if (url === null) throw new ApiError(400, 'The request target is not a URL.', 'unknown_url');
    const requestId = requestIdOf(response);
    if (dialect.requestIdHeader !== undefined) {
      response.setHeader(dialect.requestIdHeader, requestId);
    }
    if (url.pathname.startsWith('/sim/')) {
      return await handleControl(services, request, response, url);
    }
    if (url.pathname === '/healthz') return sendJson(response, 200, '{"status":"ok"}');
    dialect.authorise(request, url);
    if (found === undefined) {
      throw new ApiError(404, `Unknown request URL: ${method} ${url.pathname}.`, 'unknown_url');
    }
    const { pathId } = found;
    if ('free' in found) return await found.free.answer(request, response, pathId);
    await handleCall(services, request, response, found.paid, { url, pathId });
  } catch (cause) {
    refuse(response, cause, say, dialect);
  }
}

function refuse(
  response: ServerResponse,
  cause: unknown,
  say: (message: string) => void,
  dialect: Dialect,
): void {
  if (response.destroyed) return;
  const known = cause instanceof ApiError;
  if (!known) say(`unexpected failure: ${cause instanceof Error ? cause.stack : String(cause)}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const error = known ? cause : new ApiError(500, 'The simulator failed.', 'simulator_failed');
  if (error.status === 429) response.setHeader('retry-after', '1');
  sendJson(response, error.status, dialect.errorBody(error, requestIdOf(response)));
}

async function stop(server: Server, { traffic, bill }: CallServices): Promise<void> {
  server.close();
  await traffic.drain(limits.drainMsMax);
  // Calls that outlast the drain see their socket close, and charge what they have generated.
  server.closeAllConnections();
  await traffic.drain(limits.drainMsMax);
  await bill.close();
}

/**
 * Builds the proxy's HTTP app without listening (docs/design.md, HTTP manners): the providers' own
 * dialects, paths and errors, so that unmodified SDKs work. The routes of calls follow from the
 * dialects; a path that no dialect has is refused, never passed on unmetered.
 */

import type { HttpSettings } from '@tollgate/adapters/config/http-settings.ts';
import { hasToken, PAGE_HEADERS } from '@tollgate/adapters/http/manners.ts';
import type { Health } from '@tollgate/adapters/http/readiness.ts';
import { METRICS_TYPE } from '@tollgate/adapters/metrics/families.ts';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Authenticator } from './auth/authenticate.ts';
import { YoungKeys } from './auth/young-keys.ts';
import { BodyBytes } from './body/body-bytes.ts';
import type { CallDeps } from './call/call-deps.ts';
import { CallGate, type Done, type Hook } from './call/call-gate.ts';
import type { CallHandler } from './call/call-handler.ts';
import { sendRefusal } from './call/refusal.ts';
import type { Dialect, Endpoint, FreeEndpoint, StoredEndpoint } from './dialects/dialect.ts';
import { dialects, houseDialect } from './dialects/dialects.ts';
import { chatCompletions } from './dialects/openai/chat-request.ts';
import type { ErrorCode, Refusal } from './errors.ts';
import { FreeCalls } from './free/free-calls.ts';
import { addGate, answerToSocket } from './gate.ts';
import type { KeyView } from './ledger-view/ledger-view.ts';
import { addMeRoute } from './me/me-route.ts';
import { addCallPaths, addPassPaths, arrive, entry, neverReached } from './routes/call-routes.ts';
import { CrossOrigin } from './routes/cross-origin.ts';
import { ExplainHandler } from './routes/explain-handler.ts';
import { addModelRoutes } from './routes/model-routes.ts';
import { notServed, pathOf, ServedPaths } from './routes/paths.ts';
import { StoredCalls } from './stored/stored-calls.ts';

export type ProxyAppOptions = {
  deps: CallDeps;
  calls: CallHandler;
  /** Endpoints that the configuration opens besides those of the dialects. */
  passed?: readonly Endpoint[] | undefined;
  /** Prometheus text. */
  metrics: () => Promise<string>;
  health: () => Promise<Health>;
  /** Default: any name is answered, and no token is asked for. */
  http?: HttpSettings | undefined;
  /** Errors of calls only; bodies, headers and URLs are never logged (I12). */
  logger: { error(fields: object, message: string): void };
};

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the clients of this route speak. */
    dialect?: Dialect;
    /** The calls that it takes. */
    endpoint?: Endpoint;
  }
}

const STORED_ID_LENGTH_MAX = 1_024;

/** Codes of Fastify's own errors and what they are in our catalogue. */
const FASTIFY_ERRORS: Record<string, ErrorCode> = {
  FST_ERR_BAD_URL: 'unknown_endpoint',
};

export function buildProxy(options: ProxyAppOptions): FastifyInstance {
  const { deps, calls } = options;
  const { limits } = deps;
  const app = fastify({
    logger: false,
    bodyLimit: limits.requestBodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // An answer may take as long as an attempt may; attempts have a bound of their own.
    connectionTimeout: 0,
    forceCloseConnections: 'idle',
    http: {
      maxHeaderSize: limits.requestHeaderBytesMax,
      headersTimeout: limits.requestHeadersTimeoutMs,
    },
    // Ids of what gateways behind this one store are several hundred characters.
    routerOptions: { maxParamLength: STORED_ID_LENGTH_MAX },
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) =>
      refuse(deps, reply.headers(PAGE_HEADERS), { code: codeOf(error) }),
    clientErrorHandler(error, socket) {
      if (socket.writable) socket.write(answerToSocket(error));
      socket.destroySoon();
    },
  });
  app.decorateRequest('key', null);
  app.decorateRequest('place', null);
  app.decorateRequest('arrivedAtMs', 0);
  const crossOrigin = new CrossOrigin(options.http?.corsOrigins ?? []);
  crossOrigin.addTo(app);
  const paths = new ServedPaths();
  const refuseUnserved = (request: FastifyRequest, reply: FastifyReply): void => {
    const allow = paths.allowed(pathOf(request));
    const preflight = allow === null ? null : crossOrigin.preflight(request, allow);
    if (preflight !== null) return void reply.code(204).headers(preflight).send();
    refuse(deps, reply, notServed(request, paths, allow));
  };
  const refuseAtGate = (reply: FastifyReply, refusal: Refusal) => refuse(deps, reply, refusal);
  addGate(app, refuseAtGate, refuseUnserved, options.http?.isOurHost);
  // Bodies are taken in by the gate of calls alone.
  app.removeAllContentTypeParsers();
  // seam: proxy-routes
  addCallRoutes(app, options, paths);
  addOperatorRoutes(app, options, paths);
  app.setErrorHandler((error: Error & { code?: string }, request, reply) => {
    const refusal = { code: codeOf(error) };
    if (refusal.code === 'internal_error') {
      // seam: failure-is-logged-without-its-path
      // Not the path itself: clients put keys there by mistake (I12).
      const route = request.routeOptions.url ?? 'no route';
      options.logger.error({ err: error, route }, 'a call failed');
    }
    const { endpoint } = request.routeOptions.config;
    // A refusal of a known key is an event.
    if (endpoint !== undefined && request.key !== null) {
      return calls.refuse(endpoint, request.key, refusal, reply);
    }
    refuse(deps, reply, refusal);
  });
  return app;
}

/** What a later Fastify may blame on a request is no failure of ours either. */
function codeOf(error: Error & { code?: string; statusCode?: number }): ErrorCode {
  const known = FASTIFY_ERRORS[error.code ?? ''];
  if (known !== undefined) return known;
  const { statusCode = 500 } = error;
  return statusCode >= 400 && statusCode < 500 ? 'malformed_request' : 'internal_error';
}

/** @returns what lets a request of a known key, which may be admitted now, go on to the next step */
function admission({ deps, calls }: ProxyAppOptions): (next: Hook) => Hook {
  const keys = new Authenticator(deps.directory, deps.secrets);
  const young = new YoungKeys(keys, deps.follower, deps.limits);
  return (next) => {
    const settle = (
      key: KeyView | ErrorCode,
      request: FastifyRequest,
      reply: FastifyReply,
      done: Done,
    ): void => {
      if (typeof key === 'string') return refuse(deps, reply, { code: key });
      // seam: key-verified
      request.key = key;
      next(request, reply, done);
    };
    const identify = (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
      const key = keys.authenticate(request.headers, Date.now());
      if (key !== 'invalid_api_key') return settle(key, request, reply, done);
      young
        .lookAgain(request.headers)
        .then((late) => settle(late, request, reply, done))
        .catch(done);
    };
    return (request, reply, done) => {
      const refusal = calls.admit();
      if (refusal === null) return identify(request, reply, done);
      if (!(refusal instanceof Promise)) return refuse(deps, reply, refusal);
      refusal
        .then((late) => {
          if (late === null) identify(request, reply, done);
          else refuse(deps, reply, late);
        })
        .catch(done);
    };
  };
}

function addCallRoutes(app: FastifyInstance, options: ProxyAppOptions, paths: ServedPaths): void {
  const { deps, calls, logger } = options;
  const { limits } = deps;
  const gate = { limits, calls, logger, bytes: new BodyBytes(limits) };
  const admitTo = admission(options);
  const refuseTo = (reply: FastifyReply, refusal: Refusal) => refuse(deps, reply, refusal);
  const admitOnly = admitTo((_request, _reply, done) => done());
  const answer = { onRequest: arrive(admitOnly), refuse: refuseTo };
  addMeRoute(app, deps, paths, answer);
  const parts = {
    ...{ gate, admitTo, refuse: refuseTo },
    freeCalls: (endpoint: FreeEndpoint) => new FreeCalls(endpoint, deps, calls),
    storedCalls: (endpoint: StoredEndpoint) => new StoredCalls(endpoint, deps, calls),
  };
  addCallPaths(app, dialects, paths, parts);
  addPassPaths(app, options.passed ?? [], { ...houseDialect, prefixes: [] }, paths, parts);
  const onModels = ({ keyParameter }: Dialect) => arrive(admitOnly, keyParameter);
  addModelRoutes(app, deps, dialects, paths, { onRequest: onModels, refuse: refuseTo });
  const explain = { ...gate, calls: new ExplainHandler(deps, calls, refuseTo) };
  const enter = entry(new CallGate(chatCompletions, explain), { admitTo });
  paths.add(EXPLAIN_PATH, 'POST');
  app.route({
    method: 'POST',
    url: EXPLAIN_PATH,
    onRequest: arrive(admitTo(enter)),
    handler: neverReached,
  });
}

/** Takes the body of a chat call. */
const EXPLAIN_PATH = '/v1/routes/explain';

function addOperatorRoutes(
  app: FastifyInstance,
  options: ProxyAppOptions,
  paths: ServedPaths,
): void {
  for (const path of ['/healthz', '/readyz', '/metrics']) paths.add(path, 'GET');
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const { ready, checks } = await options.health();
    const status = ready ? 'ready' : 'not_ready';
    return reply.code(ready ? 200 : 503).send({ status, checks });
  });
  app.get('/metrics', async (request, reply) => {
    if (!hasToken(request.headers.authorization, options.http?.metricsToken ?? null)) {
      return refuse(options.deps, reply, { code: 'metrics_token_required' });
    }
    try {
      return reply.type(METRICS_TYPE).send(await options.metrics());
    } catch (err) {
      options.logger.error({ err }, 'the metrics cannot be answered');
      return refuse(options.deps, reply, { code: 'metrics_unavailable' });
    }
  });
}

function refuse(deps: CallDeps, reply: FastifyReply, refusal: Refusal): void {
  const dialect = reply.request.routeOptions.config.dialect ?? houseDialect;
  deps.onRefused(refusal.code);
  sendRefusal(deps, reply, dialect.errorBody, refusal);
}

/**
 * Builds the proxy's HTTP app without listening (docs/design.md, HTTP manners): the providers' own
 * dialects, paths and errors, so that unmodified SDKs work. The routes of calls follow from the
 * dialects; a path that no dialect has is refused, never passed on unmetered.
 */

import type { IncomingMessage } from 'node:http';
import type { HttpSettings } from '@tollgate/adapters/config/http-settings.ts';
import { hasToken, PAGE_HEADERS } from '@tollgate/adapters/http/manners.ts';
import type { Health } from '@tollgate/adapters/http/readiness.ts';
import { METRICS_TYPE } from '@tollgate/adapters/metrics/families.ts';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Authenticator } from './auth/authenticate.ts';
import { YoungKeys } from './auth/young-keys.ts';
import { BodyBytes } from './body/body-bytes.ts';
import { receiveBody } from './body/receive-body.ts';
import type { CallDeps } from './call/call-deps.ts';
import type { CallHandler } from './call/call-handler.ts';
import { Place } from './call/in-flight.ts';
import { sendRefusal } from './call/refusal.ts';
import type { Dialect, Endpoint } from './dialects/dialect.ts';
import { dialects, houseDialect } from './dialects/dialects.ts';
import type { ErrorCode, Refusal } from './errors.ts';
import { addGate, answerToSocket } from './gate.ts';
import type { KeyView } from './ledger-view/ledger-view.ts';
import type { ProxyLimits } from './limits.ts';
import { addMeRoute } from './me/me-route.ts';
import { CrossOrigin } from './routes/cross-origin.ts';
import { addModelRoutes } from './routes/model-routes.ts';
import { notServed, pathOf, ServedPaths } from './routes/paths.ts';

export type ProxyAppOptions = {
  deps: CallDeps;
  calls: CallHandler;
  /** Prometheus text. */
  metrics: () => Promise<string>;
  health: () => Promise<Health>;
  /** Default: any name is answered, and no token is asked for. */
  http?: HttpSettings | undefined;
  /** Errors of calls only; bodies, headers and URLs are never logged (I12). */
  logger: { error(fields: object, message: string): void };
};

declare module 'fastify' {
  interface FastifyRequest {
    key: KeyView | null;
    place: Place | null;
    arrivedAtMs: number;
  }
  interface FastifyContextConfig {
    /** What the clients of this route speak. */
    dialect?: Dialect;
    /** The calls that it takes. */
    endpoint?: Endpoint;
  }
}

/** Codes of Fastify's own errors and what they are in our catalogue. */
const FASTIFY_ERRORS: Record<string, ErrorCode> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'unknown_endpoint',
};

const NO_BODY: Refusal = { code: 'invalid_json' };

/** A body that has come within this needs no second look at its key, ms. */
const BODY_SOON_MS = 100;

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
  addGate(app, (reply, refusal) => refuse(deps, reply, refusal), options.http?.isOurHost);
  app.removeAllContentTypeParsers();
  const bytes = new BodyBytes(limits);
  app.addContentTypeParser('application/json', bodyParser(limits, bytes));
  const crossOrigin = new CrossOrigin(options.http?.corsOrigins ?? []);
  crossOrigin.addTo(app);
  const paths = new ServedPaths();
  // What nobody serves is refused before its body is read.
  // seam: stranger-is-refused-unread
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const allow = paths.allowed(pathOf(request));
    const preflight = allow === null ? null : crossOrigin.preflight(request, allow);
    if (preflight !== null) return void reply.code(204).headers(preflight).send();
    refuse(deps, reply, notServed(request, paths, allow));
  });
  // seam: proxy-routes
  addCallRoutes(app, deps, calls, bytes, paths);
  addOperatorRoutes(app, options, paths);
  app.setErrorHandler((error: Error & { code?: string }, request, reply) => {
    if (error instanceof ClientLeft) return void reply.hijack();
    const refusal = error instanceof BodyRefused ? error.refusal : { code: codeOf(error) };
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

class BodyRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

class ClientLeft extends Error {}

function bodyParser(limits: ProxyLimits, bytes: BodyBytes) {
  return (
    request: FastifyRequest,
    payload: IncomingMessage,
    done: (error: Error | null, body?: Buffer) => void,
  ): void => {
    const { key, place } = request;
    if (key === null || place === null) throw new Error('a body without a key passed the gate');
    const take = (more: number) => {
      if (!bytes.take(key.keyId, more)) return false;
      place.bodyBytes += more;
      return true;
    };
    receiveBody(payload, limits, take, (received) => {
      if ('body' in received) return done(null, received.body);
      done('left' in received ? new ClientLeft() : new BodyRefused(received.refusal));
    });
  };
}

function addCallRoutes(
  app: FastifyInstance,
  deps: CallDeps,
  calls: CallHandler,
  bytes: BodyBytes,
  paths: ServedPaths,
): void {
  const keys = new Authenticator(deps.directory, deps.secrets);
  const young = new YoungKeys(keys, deps.follower, deps.limits);
  const settle = (
    key: KeyView | ErrorCode,
    request: FastifyRequest,
    reply: FastifyReply,
    done: Done,
  ): void => {
    if (typeof key === 'string') return refuse(deps, reply, { code: key });
    // seam: key-verified
    request.key = key;
    done();
  };
  const identify = (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    const key = keys.authenticate(request.headers, Date.now());
    if (key !== 'invalid_api_key') return settle(key, request, reply, done);
    young
      .lookAgain(request.headers)
      .then((late) => settle(late, request, reply, done))
      .catch(done);
  };
  const pass = (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
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
  const admit = (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    request.arrivedAtMs = performance.now();
    pass(request, reply, done);
  };
  /** From here on, while its body arrives, the call is in flight. */
  const enter = (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    const key = request.key as KeyView;
    const place = calls.enter(key);
    if (!(place instanceof Place)) {
      const { endpoint } = request.routeOptions.config;
      return calls.refuse(endpoint as Endpoint, key, place, reply);
    }
    request.place = place;
    reply.raw.on('close', () => {
      // The body was in memory for as long as its call could be sent again.
      bytes.giveBack(key.keyId, place.bodyBytes);
      if (!place.ofCall) place.leave();
    });
    done();
  };
  /** A body may take a minute: what was true of its key when it began may not be true any more. */
  const admitAgain = (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    if (performance.now() - request.arrivedAtMs < BODY_SOON_MS) return done();
    pass(request, reply, done);
  };
  addMeRoute(app, deps, paths, {
    onRequest: admit,
    refuse: (reply, refusal) => refuse(deps, reply, refusal),
  });
  for (const dialect of dialects)
    addDialect(app, deps, calls, dialect, paths, { admit, enter, admitAgain });
}

type Done = (error?: Error) => void;
type Hook = (request: FastifyRequest, reply: FastifyReply, done: Done) => void;
type Gate = Record<'admit' | 'enter' | 'admitAgain', Hook>;

function addDialect(
  app: FastifyInstance,
  deps: CallDeps,
  calls: CallHandler,
  dialect: Dialect,
  paths: ServedPaths,
  { admit, enter, admitAgain }: Gate,
): void {
  for (const endpoint of dialect.endpoints) {
    paths.add(endpoint.path, endpoint.method);
    app.route({
      method: endpoint.method,
      url: endpoint.path,
      config: { dialect, endpoint },
      onRequest: [admit, enter],
      preHandler: admitAgain,
      handler: (request, reply) => {
        const { key, place, body } = request;
        if (key === null || place === null) throw new Error('a call without a key passed the gate');
        if (!Buffer.isBuffer(body)) return calls.refuse(endpoint, key, NO_BODY, reply);
        return calls.handle(endpoint, key, place, request, reply);
      },
    });
  }
  addModelRoutes(app, deps, dialect, paths, {
    onRequest: admit,
    refuse: (reply, refusal) => refuse(deps, reply, refusal),
  });
}

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

/**
 * Builds the proxy's HTTP app without listening (docs/design.md, HTTP manners): the providers' own
 * dialects, paths and errors, so that unmodified SDKs work. The routes of calls follow from the
 * dialects; a path that no dialect has is refused, never passed on unmetered.
 */
import type { HttpSettings } from '@tollgate/adapters/config/http-settings.ts';
import { hasToken, PAGE_HEADERS } from '@tollgate/adapters/http/manners.ts';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Authenticator } from './auth/authenticate.ts';
import { YoungKeys } from './auth/young-keys.ts';
import type { CallDeps } from './call/call-deps.ts';
import type { CallHandler } from './call/call-handler.ts';
import { sendRefusal } from './call/refusal.ts';
import type { Dialect } from './dialects/dialect.ts';
import { dialects, houseDialect } from './dialects/dialects.ts';
import type { ErrorCode, Refusal } from './errors.ts';
import { addGate, answerToSocket } from './gate.ts';
import type { KeyView } from './ledger-view/ledger-view.ts';
import { servedModels } from './routes/models.ts';

export type ProxyAppOptions = {
  deps: CallDeps;
  calls: CallHandler;
  /** Prometheus text. */
  metrics: () => string;
  isReady: () => boolean;
  /** Default: any name is answered, and no token is asked for. */
  http?: HttpSettings | undefined;
  /** Errors of calls only; bodies, headers and URLs are never logged (I12). */
  logger: { error(fields: object, message: string): void };
};

declare module 'fastify' {
  interface FastifyRequest {
    key: KeyView | null;
    arrivedAtMs: number;
  }
  interface FastifyContextConfig {
    /** What the clients of this route speak. */
    dialect?: Dialect;
  }
}

/** Codes of Fastify's own errors and what they are in our catalogue. */
const FASTIFY_ERRORS: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'unknown_endpoint',
};

/** Of all of them, a path of calls takes its own alone; what is no route at all is not found. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

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
  app.decorateRequest('arrivedAtMs', 0);
  addGate(app, (reply, refusal) => refuse(deps, reply, refusal), options.http?.isOurHost);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  // seam: proxy-routes
  addCallRoutes(app, deps, calls);
  addOperatorRoutes(app, options);
  app.setNotFoundHandler((request, reply) => {
    const message = `This gateway does not serve ${request.method} ${pathOf(request)}.`;
    refuse(deps, reply, { code: 'unknown_endpoint', message });
  });
  app.setErrorHandler((error: Error & { code?: string }, request, reply) => {
    const code = codeOf(error);
    if (code === 'internal_error') {
      // Not the path itself: clients put keys there by mistake (I12).
      const route = request.routeOptions.url ?? 'no route';
      options.logger.error({ err: error, route }, 'a call failed');
    }
    refuse(deps, reply, { code });
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

function addCallRoutes(app: FastifyInstance, deps: CallDeps, calls: CallHandler): void {
  const keys = new Authenticator(deps.directory, deps.secrets);
  const young = new YoungKeys(keys, deps.follower, deps.limits);
  const identify = (
    request: FastifyRequest,
    reply: FastifyReply,
    done: (error?: Error) => void,
  ): void => {
    const settle = (key: KeyView | ErrorCode) => {
      if (typeof key === 'string') return refuse(deps, reply, { code: key });
      // seam: key-verified
      request.key = key;
      done();
    };
    const key = keys.authenticate(request.headers, Date.now());
    if (key !== 'invalid_api_key') return settle(key);
    young.lookAgain(request.headers).then(settle).catch(done);
  };
  const admit = (
    request: FastifyRequest,
    reply: FastifyReply,
    done: (error?: Error) => void,
  ): void => {
    request.arrivedAtMs = performance.now();
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
  /** A body may take a minute: what was true of its key when it began may not be true any more. */
  const admitAgain = (
    request: FastifyRequest,
    reply: FastifyReply,
    done: (error?: Error) => void,
  ): void => {
    if (performance.now() - request.arrivedAtMs < BODY_SOON_MS) return done();
    admit(request, reply, done);
  };
  for (const dialect of dialects) addDialect(app, deps, calls, dialect, { admit, admitAgain });
}

type Gate = Record<
  'admit' | 'admitAgain',
  (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void
>;

function addDialect(
  app: FastifyInstance,
  deps: CallDeps,
  calls: CallHandler,
  dialect: Dialect,
  { admit, admitAgain }: Gate,
): void {
  const config = { dialect };
  for (const endpoint of dialect.endpoints) {
    app.route({
      method: endpoint.method,
      url: endpoint.path,
      config,
      onRequest: admit,
      preHandler: admitAgain,
      handler: (request, reply) => {
        if (request.key === null) throw new Error('a call without a key passed the gate');
        if (!Buffer.isBuffer(request.body)) return refuse(deps, reply, { code: 'invalid_json' });
        return calls.handle(endpoint, request.key, request, reply);
      },
    });
    app.route({
      method: METHODS.filter((method) => method !== endpoint.method),
      url: endpoint.path,
      config,
      handler: (_request, reply) => refuse(deps, reply, { code: 'method_not_allowed' }),
    });
  }
  const { path, list } = dialect.models;
  app.get(path, { config, onRequest: admit }, async (_request, reply) => {
    const models = servedModels(deps.deployments, deps.directory);
    return reply.type('application/json').send(list(models));
  });
}

function addOperatorRoutes(app: FastifyInstance, options: ProxyAppOptions): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const ready = options.isReady();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready' });
  });
  app.get('/metrics', async (request, reply) => {
    if (!hasToken(request.headers.authorization, options.http?.metricsToken ?? null)) {
      return refuse(options.deps, reply, { code: 'metrics_token_required' });
    }
    return reply.type('text/plain; version=0.0.4').send(options.metrics());
  });
}

function refuse(deps: CallDeps, reply: FastifyReply, refusal: Refusal): void {
  const dialect = reply.request.routeOptions.config.dialect ?? houseDialect;
  deps.onRefused(refusal.code);
  sendRefusal(reply, dialect.errorBody, refusal);
}

/** Without the query, where clients put secrets by mistake (I12). */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

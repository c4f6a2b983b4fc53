/**
 * Builds the billing API without listening (design §12): every route is data (http/route.ts), the
 * server and its OpenAPI document are made from the same declarations.
 */

import { Queue } from '@tollgate/adapters/warehouse/work-queues.ts';
import { asyncApiDocument } from '@tollgate/schemas/event/asyncapi.ts';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { BillingIndex } from './closing/billing-index.ts';
import type { ApiContext, ApiDeps } from './context.ts';
import { Directory } from './directory/directory.ts';
import { ApiMetrics } from './health/metrics.ts';
import { answer } from './http/answer.ts';
import { parseJsonBody } from './http/body.ts';
import { ApiProblem, type ErrorCode, errorCatalogue, problemBody } from './http/errors.ts';
import { Idempotency, readIdempotencyKey } from './http/idempotency.ts';
import { docsPage, openApiDocument } from './http/openapi.ts';
import type { ApiRoute } from './http/route.ts';
import { apiLimits } from './limits.ts';
import { allRoutes } from './routes/all-routes.ts';

export type BillingApi = { app: FastifyInstance; context: ApiContext; stop(): Promise<void> };

const BEARER = /^Bearer +(\S+) *$/i;
const MEDIA_TYPES = [
  'application/json',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
];
/** Fastify's own errors and what they are in our catalogue. */
const FASTIFY_ERRORS: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
  FST_ERR_BAD_URL: 'malformed_request',
};

/** Resolves when the read models are level with the ledger. */
export async function buildApi(deps: ApiDeps): Promise<BillingApi> {
  const limits = { ...apiLimits, ...deps.limits };
  const app = fastify({
    logger: false,
    bodyLimit: limits.requestBodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    http: { headersTimeout: limits.requestHeadersTimeoutMs },
    genReqId: () => Buffer.from(deps.randomBytes(12)).toString('hex'),
  });
  const onLost = (error: unknown) => deps.onError('a read model lost the ledger', error);
  const directory = new Directory({ ledger: deps.ledger, limits, onLost });
  const billing = new BillingIndex({ ledger: deps.ledger, limits, onLost });
  await Promise.all([directory.start(), billing.start()]);
  const context: ApiContext = { ...deps, limits, directory, billing, billImports: new Queue() };
  const metrics = new ApiMetrics();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(MEDIA_TYPES, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  const idempotency = new Idempotency(deps.ledger);
  const admit = admission(limits.requestsInFlightMax);
  for (const route of allRoutes) addRoute(app, route, { context, idempotency, admit });
  addOperatorRoutes(app, context, metrics);
  addErrors(app, context);
  app.addHook('onResponse', async (request, reply) => {
    const path = request.routeOptions.url ?? 'unknown';
    metrics.observe({ method: request.method, path }, reply.statusCode, reply.elapsedTime / 1000);
  });
  return {
    app,
    context,
    async stop() {
      await app.close();
      await Promise.all([directory.stop(), billing.stop()]);
    },
  };
}

/** Counts requests until their answer has left or their client has. @throws ApiProblem overloaded */
function admission(most: number): (reply: FastifyReply) => void {
  let inFlight = 0;
  return (reply) => {
    if (inFlight >= most) throw new ApiProblem('overloaded');
    inFlight++;
    reply.raw.once('close', () => inFlight--);
  };
}

type RouteDeps = {
  context: ApiContext;
  idempotency: Idempotency;
  admit: (reply: FastifyReply) => void;
};

function addRoute(app: FastifyInstance, route: ApiRoute, deps: RouteDeps): void {
  const { context, idempotency, admit } = deps;
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    onRequest: async (request, reply) => {
      authorize(request, context);
      admit(reply);
    },
    handler: async (request, reply) => {
      const body = Buffer.isBuffer(request.body)
        ? parseJsonBody(request.body, context.limits.requestDepthMax)
        : undefined;
      const incoming = {
        id: request.id,
        path: request.url.split('?', 1)[0] ?? '',
        params: request.params,
        query: request.query,
        body,
        mediaType: request.headers['content-type']?.split(';', 1)[0]?.trim() ?? null,
        idempotencyKey: readIdempotencyKey(request.headers['idempotency-key']),
        warn: (fields: Record<string, string | number>, message: string) =>
          context.onError(`${message} ${JSON.stringify(fields)}`, undefined),
      };
      const answered = await answer(route, incoming, context, idempotency);
      if (answered.repeated) reply.header('idempotent-replayed', 'true');
      const type = answered.status < 400 ? 'application/json' : 'application/problem+json';
      return reply.code(answered.status).type(type).send(answered.body);
    },
  });
}

function authorize(request: FastifyRequest, context: ApiContext): void {
  const { authorization } = request.headers;
  if (authorization === undefined) throw new ApiProblem('missing_token');
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined || !context.secrets.isAdminToken(token)) {
    throw new ApiProblem('invalid_token');
  }
}

function addOperatorRoutes(app: FastifyInstance, context: ApiContext, metrics: ApiMetrics): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const health = await context.health();
    const level = Math.max(context.directory.ageMs(), context.billing.ageMs());
    const ready = health.ready && level <= context.limits.ledgerStaleMaxMs;
    return reply.code(ready ? 200 : 503).send({ ready, checks: health.checks });
  });
  app.get('/metrics', async (_request, reply) => {
    const age = context.directory.ageMs() / 1000;
    const text = metrics.text({ tollgate_api_ledger_age_seconds: age });
    return reply.type('text/plain; version=0.0.4').send(text + (context.metrics?.() ?? ''));
  });
  const document = JSON.stringify(openApiDocument(allRoutes));
  app.get('/openapi.json', async (_request, reply) =>
    reply.type('application/json').send(document),
  );
  const topics = JSON.stringify(asyncApiDocument(context.topicPrefix ?? 'tollgate'));
  app.get('/asyncapi.json', async (_request, reply) => reply.type('application/json').send(topics));
  app.get('/docs', async (_request, reply) => reply.type('text/html').send(docsPage(allRoutes)));
}

function addErrors(app: FastifyInstance, context: ApiContext): void {
  app.setNotFoundHandler((request, reply) => {
    send(reply, new ApiProblem('unknown_path'), request.id);
  });
  app.setErrorHandler((error: Error & { code?: string }, request, reply) => {
    if (error instanceof ApiProblem) {
      if (errorCatalogue[error.code].status >= 500) context.onError(error.message, error);
      return send(reply, error, request.id);
    }
    const code = FASTIFY_ERRORS[error.code ?? ''] ?? 'internal_error';
    if (code === 'internal_error') context.onError(`request ${request.id} failed`, error);
    return send(reply, new ApiProblem(code), request.id);
  });
}

function send(reply: FastifyReply, problem: ApiProblem, requestId: string): void {
  const { status, retryable } = errorCatalogue[problem.code];
  if (status === 503 && retryable) reply.header('retry-after', '1');
  void reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify(problemBody(problem, requestId)));
}

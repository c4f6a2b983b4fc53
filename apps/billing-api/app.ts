/**
 * Builds the billing API without listening (docs/design.md, HTTP manners). Every route is data
 * (http/route.ts): the server and its OpenAPI document are made from the same declarations.
 */
import { DocumentThread } from '@tollgate/adapters/documents/document-thread.ts';
import { PAGE_HEADERS } from '@tollgate/adapters/http/manners.ts';
import { type Family, metricsText, single } from '@tollgate/adapters/metrics/families.ts';
import { KeptAnswers } from '@tollgate/adapters/process/kept-answers.ts';
import { destinations } from '@tollgate/adapters/webhooks/destinations.ts';
import fastify, { type FastifyInstance } from 'fastify';
import { AlarmIndex } from './alarms/alarm-index.ts';
import { AlarmStats } from './alarms/alarm-stats.ts';
import { BillingIndex } from './closing/billing-index.ts';
import type { ApiContext, ApiDeps } from './context.ts';
import { BudgetGauges } from './health/budget-gauges.ts';
import { addHealthRoutes } from './health/health-routes.ts';
import { ApiMetrics } from './health/metrics.ts';
import { answerError, answerErrors } from './http/answer-errors.ts';
import { addDocsRoutes } from './http/docs-routes.ts';
import { addGate, problemOfSocket } from './http/gate.ts';
import { Idempotency } from './http/idempotency.ts';
import { admission, serveRoute } from './http/serve-route.ts';
import { unpackRequests } from './http/unpack-requests.ts';
import { apiLimits } from './limits.ts';
import { linksOf } from './links/links.ts';
import { ExportIndex } from './payments/export-index.ts';
import { exportFamilies } from './payments/export-metrics.ts';
import { addPaymentWebhooks } from './payments/webhook-route.ts';
import { ImportLock } from './reconciliation/import-lock.ts';
import { ResourceIndex } from './resources/resource-index.ts';
import { allRoutes } from './routes/all-routes.ts';

export type BillingApi = {
  app: FastifyInstance;
  context: ApiContext;
  /** What it measures. */
  families(): Promise<Family[]>;
  stop(): Promise<void>;
};

/** Any JSON: data of an event in binary mode may be of a type of its own. Routes say what they take. */
const JSON_TYPES = /^(?:application|text)\/(?:[\w.-]+\+)?json(?:\s*;|$)/i;

const downloadPaths = allRoutes.flatMap(({ downloads, path }) =>
  downloads === undefined ? [] : [path],
);

/** Resolves when the read models have caught up with the ledger. */
export async function buildApi(deps: ApiDeps): Promise<BillingApi> {
  const limits = { ...apiLimits, ...deps.limits };
  const app = fastify({
    logger: false,
    bodyLimit: limits.requestBodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    http: { headersTimeout: limits.requestHeadersTimeoutMs },
    routerOptions: { maxParamLength: limits.pathPartBytesMax },
    frameworkErrors: (error, request, reply) =>
      answerError(error, request.id, reply.headers(PAGE_HEADERS), deps),
    clientErrorHandler(error, socket) {
      const requestId = Buffer.from(deps.randomBytes(12)).toString('hex');
      if (socket.writable) socket.write(problemOfSocket(error, requestId));
      socket.destroySoon();
    },
    genReqId: () => Buffer.from(deps.randomBytes(12)).toString('hex'),
  });
  const onLost = (error: unknown) => deps.onError('a read model lost the ledger', error);
  const { ledger } = deps;
  const retryMs = { first: limits.ledgerRetryFirstMs, max: limits.ledgerRetryMaxMs };
  const directory = new ResourceIndex({ ledger, retryMs, onLost });
  const billing = new BillingIndex({ ledger, retryMs, onLost });
  const alarms = new AlarmIndex({ ledger, retryMs, onLost }, limits);
  const exports = new ExportIndex({ ledger, retryMs, onLost });
  const readModels = [directory, billing, alarms, exports];
  await Promise.all(readModels.map((model) => model.start()));
  const context: ApiContext = {
    ...{ ...deps, limits, directory, billing, alarms, exports },
    ...{ alarmStats: new AlarmStats(), documents: new DocumentThread(limits) },
    destinations: deps.destinations ?? destinations([]),
    models: deps.models ?? {},
    links: linksOf(deps, directory, limits),
    downloadPaths,
    importLock: new ImportLock(),
    ownUsage: new KeptAnswers({
      keptMs: limits.ownUsageKeptMs,
      runningMax: limits.ownUsageRunningMax,
      namesMax: limits.ownUsageKeysMax,
    }),
  };
  const metrics = new ApiMetrics();
  const gauges = new BudgetGauges({
    ...{ ledger, limits, clock: deps.clock, onError: deps.onError },
    budgets: () => directory.budgets.all().map(({ state }) => state),
  });
  addGate(app, deps.isOurHost);
  app.decorateRequest('keyId', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(JSON_TYPES, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.addHook('preParsing', unpackRequests(limits.requestBodyBytesMax));
  const idempotency = new Idempotency(deps.ledger);
  const admit = admission(limits.requestsInFlightMax);
  const { readNotice = null } = deps.payments ?? {};
  if (readNotice !== null) addPaymentWebhooks(app, context, readNotice, admit);
  const admitDownload = admission(limits.downloadsMax);
  const served = { context, idempotency, admit, admitDownload };
  for (const route of allRoutes) serveRoute(app, route, served);
  const families = () => measured(context, metrics, gauges);
  const ownMetrics = async () =>
    metricsText([{ process: 'billing-api', families: await families() }]);
  addHealthRoutes(app, context, ownMetrics);
  addDocsRoutes(app, allRoutes, context.topicPrefix ?? 'tollgate');
  answerErrors(app, context);
  app.addHook('onResponse', async (request, reply) => {
    const path = request.routeOptions.url ?? 'unknown';
    metrics.observe({ method: request.method, path }, reply.statusCode, reply.elapsedTime / 1000);
  });
  return {
    app,
    context,
    families,
    async stop() {
      await app.close();
      await Promise.all([context.documents, ...readModels].map((part) => part.stop()));
    },
  };
}

async function measured(
  { directory, alarmStats, exports, payments }: ApiContext,
  metrics: ApiMetrics,
  gauges: BudgetGauges,
): Promise<Family[]> {
  const age = single(
    'tollgate_api_ledger_age_seconds',
    'gauge',
    'Since the read model was known to be level with the ledger, in seconds.',
    directory.ageMs() / 1000,
  );
  const ofExports = payments === undefined ? [] : exportFamilies(exports.all());
  const measuredElsewhere = [...(await gauges.families()), ...alarmStats.families()];
  return [...metrics.families(), age, ...measuredElsewhere, ...ofExports];
}

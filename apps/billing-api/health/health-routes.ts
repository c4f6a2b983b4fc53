/** What the operator's machines ask: is it alive, is it ready, what has it counted. */

import { hasToken } from '@tollgate/adapters/http/manners.ts';
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../http/errors.ts';
import type { ApiMetrics } from './metrics.ts';

export function addHealthRoutes(
  app: FastifyInstance,
  context: ApiContext,
  metrics: ApiMetrics,
): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const health = await context.health();
    const level = Math.max(context.directory.ageMs(), context.billing.ageMs());
    const isLevel = level <= context.limits.ledgerStaleMaxMs;
    const ready = health.ready && isLevel;
    const checks = { ...health.checks, ledger: isLevel ? 'ok' : 'stale' };
    return reply.code(ready ? 200 : 503).send({ ready, checks });
  });
  app.get('/metrics', async (request, reply) => {
    if (!hasToken(request.headers.authorization, context.metricsToken ?? null)) {
      throw new ApiProblem('metrics_token_required');
    }
    const age = context.directory.ageMs() / 1000;
    const text = metrics.text({ tollgate_api_ledger_age_seconds: age });
    return reply.type('text/plain; version=0.0.4').send(text + (context.metrics?.() ?? ''));
  });
}

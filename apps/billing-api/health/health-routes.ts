/** What the operator's machines ask: is it alive, is it ready, what has it counted. */

import { hasToken } from '@tollgate/adapters/http/manners.ts';
import { METRICS_TYPE } from '@tollgate/adapters/metrics/families.ts';
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../http/errors.ts';

/** @param metrics what this process measures, where nobody collects it of all */
export function addHealthRoutes(
  app: FastifyInstance,
  context: ApiContext,
  metrics: () => Promise<string>,
): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const health = await context.health();
    const { directory, billing, alarms, alarmStats, limits } = context;
    const level = Math.max(directory.ageMs(), billing.ageMs(), alarms.ageMs());
    const isLevel = level <= limits.ledgerStaleMaxMs;
    const ready = health.ready && isLevel;
    const late = alarmStats.check(limits.alarmLagMaxMs);
    const checks = { ...health.checks, ledger: isLevel ? 'ok' : 'stale', alarms: late };
    return reply.code(ready ? 200 : 503).send({ ready, checks });
  });
  app.get('/metrics', async (request, reply) => {
    if (!hasToken(request.headers.authorization, context.metricsToken ?? null)) {
      throw new ApiProblem('metrics_token_required');
    }
    const text = await (context.metrics ?? metrics)().catch((cause: unknown) => {
      throw new ApiProblem('metrics_unavailable', { cause });
    });
    return reply.type(METRICS_TYPE).send(text);
  });
}

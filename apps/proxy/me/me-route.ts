/**
 * GET /v1/me, with a virtual key alone. It is no call: it takes nothing of a budget or a rate limit, and
 * is answered when they are used up. How often it is worked out is bounded for each key.
 */
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import { KeptAnswers } from '@tollgate/adapters/process/kept-answers.ts';
import type { Me } from '@tollgate/schemas/http/me.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { presentedKey } from '../auth/authenticate.ts';
import type { CallDeps } from '../call/call-deps.ts';
import { endUserOfHead } from '../call/end-user.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { servedModels } from '../routes/models.ts';
import type { ServedPaths } from '../routes/paths.ts';
import { ownBudget, ownRateLimit } from './own-limits.ts';
import { WindowReader } from './window-reader.ts';

const PATH = '/v1/me';

export function addMeRoute(
  app: FastifyInstance,
  deps: CallDeps,
  paths: ServedPaths,
  gate: {
    onRequest: onRequestHookHandler;
    refuse: (reply: FastifyReply, refusal: Refusal) => void;
  },
): void {
  const { meKeptMs, meRunningMax, meKeysMax, meWindowsMax } = deps.limits;
  const limits = { keptMs: meKeptMs, runningMax: meRunningMax, namesMax: meKeysMax };
  const answers = new KeptAnswers<Me>(limits);
  const windows = new WindowReader(deps.ledger, meWindowsMax);
  paths.add(PATH, 'GET');
  app.get(PATH, { onRequest: gate.onRequest }, async (request, reply) => {
    const key = request.key as KeyView;
    const endUser = endUserOfHead(request.headers);
    const ofEndUser = endUser === null ? '' : `~${endUserDigest(endUser)}`;
    // seam: me-is-of-this-key
    const answer = answers.get(key.keyId + ofEndUser, () => tell(deps, windows, key, request));
    if (answer === null) {
      gate.refuse(reply, { code: 'overloaded' });
      return reply;
    }
    try {
      return reply.header('cache-control', 'no-store').send(await answer);
    } catch (error) {
      deps.onMeFailed(error);
      gate.refuse(reply, { code: 'ledger_unavailable' });
      return reply;
    }
  });
}

async function tell(
  deps: CallDeps,
  windows: WindowReader,
  key: KeyView,
  { headers }: FastifyRequest,
): Promise<Me> {
  const { directory, budgets, rates } = deps;
  const nowMs = Date.now();
  const usage = deps.ownUsage === undefined ? null : deps.ownUsage(presentedKey(headers) ?? '');
  const onPath = directory.budgetsOf(key).map(({ definition }) => definition);
  const endUser = endUserOfHead(headers);
  return {
    object: 'me',
    key: {
      ...{ id: key.keyId, environment: key.environment, tags: key.tags },
      expires_at: Number.isFinite(key.expiresAtMs) ? new Date(key.expiresAtMs).toISOString() : null,
    },
    budgets: await Promise.all(
      onPath.map((definition) => ownBudget(definition, nowMs, { budgets, windows }, endUser)),
    ),
    rate_limits: directory.rateLimitsOf(key).map((limit) => ownRateLimit(limit, rates)),
    models: servedModels(deps, key).map(({ name }) => name),
    usage: await usage,
    as_of: new Date(nowMs).toISOString(),
  };
}

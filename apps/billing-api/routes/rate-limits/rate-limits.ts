/**
 * /v1/rate_limits: what a scope may use in each second or minute, and how many calls it may run at
 * once (docs/design.md, Rate limits). The proxies follow the ledger, so a change binds within a
 * second.
 */
import { rateLimitEvents } from '@tollgate/adapters/ledger/categories.ts';
import {
  decideArchiveRateLimit,
  decideChangeRateLimit,
  evolveRateLimit,
  type RateLimit,
} from '@tollgate/domain/rate-limit/rate-limit.ts';
import type { RateLimitScope } from '@tollgate/domain/rate-limit/rate-limit-events.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import {
  listRateLimitsQuery,
  rateLimitChange,
  rateLimitParams,
  rateLimitRequest,
  rateLimitView,
} from '@tollgate/schemas/http/rate-limits.ts';
import type { ApiContext } from '../../context.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem } from '../../http/errors.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import type { Entity } from '../../resources/entities.ts';
import { lifeStatus, liveCustomer, ofCustomer } from '../named-customer.ts';
import { defineRateLimit, periodOf } from './define-rate-limit.ts';

export const createRateLimit = defineRoute({
  operationId: 'createRateLimit',
  method: 'POST',
  path: '/v1/rate_limits',
  tag: 'Rate limits',
  summary: 'Limit requests, tokens or concurrent calls of a key, team, customer, end user or model',
  description:
    'A call counts in the second or minute (of UTC) in which it starts. Tokens are reserved at the ' +
    'worst case before the call, and what was not used becomes available again in the same window. ' +
    'All limits on the path of a call must allow it; otherwise nothing is taken from any of them.',
  body: rateLimitRequest,
  status: 201,
  response: rateLimitView,
  errors: [
    'key_not_found',
    'team_not_found',
    'customer_not_found',
    'customer_archived',
    'concurrent_change',
  ],
  async handler({ body, newId, commandId, timeMs }, context) {
    const scope = existing(body.scope, context);
    const rate_limit_id = newId('rtl');
    const data = { ...body, rate_limit_id, scope, per: periodOf(body) };
    const { state } = await defineRateLimit(context, data, commandId);
    return view({ state, createdAtMs: timeMs, updatedAtMs: timeMs });
  },
});

export const listRateLimits = defineRoute({
  operationId: 'listRateLimits',
  method: 'GET',
  path: '/v1/rate_limits',
  tag: 'Rate limits',
  summary: 'List rate limits, newest first',
  query: listRateLimitsQuery,
  status: 200,
  response: listOf(rateLimitView),
  errors: ['cursor_unknown'],
  async handler({ query }, context) {
    const { scope_type, scope_id, status } = query;
    const isOfCustomer = scopedTo(context, query.customer_id);
    const items = context.directory.rateLimits.where(
      (limit) =>
        (scope_type === undefined || limit.scope.type === scope_type) &&
        (scope_id === undefined || limit.scope.id === scope_id) &&
        (status === undefined || lifeStatus(limit) === status) &&
        isOfCustomer(limit.scope),
    );
    return pageOf(items, query, ({ state }) => state.rate_limit_id, view);
  },
});

/** Of the customer itself, of its teams and of its keys. */
function scopedTo(context: ApiContext, named: string | undefined) {
  const isOfCustomer = ofCustomer(context, named);
  const { teams, keys } = context.directory;
  return (scope: RateLimitScope): boolean => {
    if (named === undefined) return true;
    const of = scope.type === 'end_user' ? scope.of : scope.type;
    if (of === 'customer') return isOfCustomer({ customer_id: scope.id });
    const owner = (of === 'team' ? teams : keys).get(scope.id)?.state;
    return owner !== undefined && isOfCustomer(owner);
  };
}

export const getRateLimit = defineRoute({
  operationId: 'getRateLimit',
  method: 'GET',
  path: '/v1/rate_limits/{rate_limit_id}',
  tag: 'Rate limits',
  summary: 'Retrieve a rate limit',
  params: rateLimitParams,
  status: 200,
  response: rateLimitView,
  errors: ['rate_limit_not_found'],
  async handler({ params }, { directory }) {
    const found = directory.rateLimits.get(params.rate_limit_id);
    if (found === undefined) throw new ApiProblem('rate_limit_not_found');
    return view(found);
  },
});

export const changeRateLimit = defineRoute({
  operationId: 'changeRateLimit',
  method: 'PATCH',
  path: '/v1/rate_limits/{rate_limit_id}',
  tag: 'Rate limits',
  summary: 'Change a rate limit; it binds the running window too',
  description: 'What was used of the running window counts against the new limit.',
  params: rateLimitParams,
  body: rateLimitChange,
  status: 200,
  response: rateLimitView,
  errors: [
    'rate_limit_not_found',
    'rate_limit_archived',
    'rate_limit_not_smoothable',
    'concurrent_change',
  ],
  async handler({ params: { rate_limit_id }, body, commandId }, context) {
    const done = await carryOut(context, {
      category: rateLimitEvents,
      id: rate_limit_id,
      commandId,
      evolve: evolveRateLimit,
      decide: (state) => decideChangeRateLimit(state, body),
    });
    return view(done);
  },
});

export const archiveRateLimit = defineRoute({
  operationId: 'archiveRateLimit',
  method: 'POST',
  path: '/v1/rate_limits/{rate_limit_id}/archive',
  tag: 'Rate limits',
  summary: 'Remove a rate limit: it binds no new call',
  params: rateLimitParams,
  status: 200,
  response: rateLimitView,
  errors: ['rate_limit_not_found', 'rate_limit_archived', 'concurrent_change'],
  async handler({ params: { rate_limit_id }, commandId }, context) {
    const done = await carryOut(context, {
      category: rateLimitEvents,
      id: rate_limit_id,
      commandId,
      evolve: evolveRateLimit,
      decide: decideArchiveRateLimit,
    });
    return view(done);
  },
});

/** The scope with our own ids. @throws ApiProblem if it does not exist */
function existing(scope: RateLimitScope, context: ApiContext): RateLimitScope {
  const { directory } = context;
  const of = scope.type === 'end_user' ? scope.of : scope.type;
  switch (of) {
    case 'key':
    case 'key_model':
      if (directory.keys.get(scope.id) === undefined) throw new ApiProblem('key_not_found');
      return scope;
    case 'team':
      if (directory.teams.get(scope.id) === undefined) throw new ApiProblem('team_not_found');
      return scope;
    case 'customer':
      return { ...scope, id: liveCustomer(context, scope.id).customer_id };
    default:
      return of satisfies never;
  }
}

function view({ state, createdAtMs }: Entity<RateLimit>) {
  const { rate_limit_id, ...rest } = state;
  return {
    object: 'rate_limit' as const,
    id: rate_limit_id,
    ...rest,
    status: lifeStatus(state),
    created_at: new Date(createdAtMs).toISOString(),
  };
}

/**
 * /v1/budgets: hard limits, enforced by the proxies through leases (docs/design.md, Budgets: leases),
 * and soft ones, which warn.
 */
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import {
  type UnresolvedHolds,
  unresolvedHolds,
} from '@tollgate/adapters/warehouse/queries/unresolved-holds.ts';
import type {
  BudgetLimitChanged,
  BudgetOnExceededChanged,
  BudgetThresholdsChanged,
} from '@tollgate/domain/budget/budget-events.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { accountAt } from '@tollgate/domain/budget/limit.ts';
import { windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import { formatDecimal12, parseDecimal } from '@tollgate/domain/money/money.ts';
import { budgetDetail } from '@tollgate/schemas/http/budget-detail.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import {
  budgetChange,
  budgetList,
  budgetParams,
  budgetQuery,
  budgetRequest,
  budgetView,
} from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { isWanted, pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { requireTimeZone } from '../../http/time-zone.ts';
import type { Entity } from '../../resources/entities.ts';
import { answeredIn } from '../answered-in.ts';
import { lifeStatus, ofCustomer } from '../named-customer.ts';
import { withDetail } from './budget-detail.ts';
import { namedScope, requireSense, requireWhole } from './budget-request.ts';
import { changeLive } from './change-live.ts';
import { defineBudget } from './define-budget.ts';
import { partsOf } from './limit-parts.ts';
import { changeOpenWindow, loadWindow } from './open-window.ts';
import { policyChange } from './policy-change.ts';
import { softSpendOf } from './soft-spend-view.ts';

const PLACES = 12;

export const createBudget = defineRoute({
  operationId: 'createBudget',
  method: 'POST',
  path: '/v1/budgets',
  tag: 'Budgets',
  summary: 'Define a budget: hard, or soft',
  description:
    'Every budget on the path of a call must be able to pay for its worst case. Money is counted at ' +
    'cost, or as it is billed with the mark-up in force. Tokens and requests are whole numbers. A call ' +
    'that a budget cannot pay for is refused; with `on_exceeded: clamp` it gets the largest output limit ' +
    'that the budget can pay for, which the answer states in `x-tollgate-output-limit`. A soft budget ' +
    'refuses nothing and holds nothing: it raises alarms alone, at `thresholds`, from what the ' +
    'warehouse has counted, some seconds after the calls.',
  body: budgetRequest,
  status: 201,
  response: budgetView,
  errors: [
    'key_not_found',
    'team_not_found',
    'customer_not_found',
    'customer_archived',
    'concurrent_change',
  ],
  async handler({ body, newId, commandId, timeMs }, context) {
    requireSense(body);
    const [scope, customer] = namedScope(body.scope, context);
    const named = body.time_zone ?? customer?.time_zone ?? 'UTC';
    const time_zone = requireTimeZone('body.time_zone', named);
    const budget_id = newId('bud');
    const limit = formatDecimal12(parseDecimal(body.limit, PLACES));
    const data = { ...body, scope, budget_id, limit, time_zone };
    const { state } = await defineBudget(context, data, commandId);
    return view({ state, createdAtMs: timeMs, updatedAtMs: timeMs }, context);
  },
});

export const listBudgets = defineRoute({
  operationId: 'listBudgets',
  method: 'GET',
  path: '/v1/budgets',
  tag: 'Budgets',
  summary: 'List budgets, newest first, each with its current window',
  query: budgetList,
  status: 200,
  response: listOf(budgetView),
  errors: ['cursor_unknown'],
  async handler({ query }, context) {
    const isOfCustomer = scopedTo(context, query.customer_id);
    const page = pageOf(
      context.directory.budgets.all(),
      query,
      ({ state }) => state.budget_id,
      (item) => item,
      ({ state }) =>
        isOfCustomer(state) &&
        hasScope(state, 'team', query.team_id) &&
        hasScope(state, 'key', query.key_id) &&
        isWanted(query.status, lifeStatus(state)),
    );
    return { ...page, data: await views(page.data, context) };
  },
});

const hasScope = ({ scope }: BudgetDefinition, type: 'team' | 'key', id: string | undefined) =>
  id === undefined || (scope.type === type && scope.id === id);

/** Of the customer itself, of its teams and of its keys. */
function scopedTo(context: ApiContext, named: string | undefined) {
  const isOfCustomer = ofCustomer(context, named);
  const { teams, keys } = context.directory;
  return ({ scope }: BudgetDefinition): boolean => {
    if (named === undefined) return true;
    if (scope.type === 'installation') return false;
    if (scope.type === 'customer') return isOfCustomer({ customer_id: scope.id });
    const owner = (scope.type === 'team' ? teams : keys).get(scope.id)?.state;
    return owner !== undefined && isOfCustomer(owner);
  };
}

export const getBudget = defineRoute({
  operationId: 'getBudget',
  method: 'GET',
  path: '/v1/budgets/{budget_id}',
  tag: 'Budgets',
  summary: 'Retrieve a budget with what is spent and held in its current window',
  description:
    'By lease, with the rate at which it is spent and when it will be used up at that rate.',
  params: budgetParams,
  query: budgetQuery,
  status: 200,
  response: budgetDetail,
  errors: ['budget_not_found'],
  async handler({ params, query }, context) {
    const found = context.directory.budgets.get(params.budget_id);
    if (found === undefined) throw new ApiProblem('budget_not_found');
    requireTemplate(found.state, query.end_user);
    const { end_user } = query;
    return await withDetail(await view(found, context, end_user), found, context, end_user);
  },
});

export const changeBudget = defineRoute({
  operationId: 'changeBudget',
  method: 'PATCH',
  path: '/v1/budgets/{budget_id}',
  tag: 'Budgets',
  summary: 'Change a limit, which binds the next grants at once, thresholds, or `on_exceeded`',
  params: budgetParams,
  body: budgetChange,
  status: 200,
  response: budgetView,
  errors: ['budget_not_found', 'budget_archived', 'concurrent_change'],
  async handler({ params, body, commandId }, context) {
    const { budget_id } = params;
    const { thresholds } = body;
    const changes: (BudgetLimitChanged | BudgetThresholdsChanged | BudgetOnExceededChanged)[] = [];
    const known = context.directory.budgets.get(budget_id);
    if (body.limit !== undefined) {
      if (known !== undefined && known.state.unit !== 'usd') requireWhole(body.limit);
      const limit = formatDecimal12(parseDecimal(body.limit, PLACES));
      changes.push({ type: 'BudgetLimitChanged', data: { budget_id, limit } });
    }
    if (thresholds !== undefined) {
      changes.push({ type: 'BudgetThresholdsChanged', data: { budget_id, thresholds } });
    }
    const policy = policyChange(body, budget_id, known?.state);
    if (policy !== null) changes.push(policy);
    let done: Entity<BudgetDefinition> | undefined;
    // A repetition of the request goes on where it was cut off.
    for (const change of changes) done = await changeLive(context, commandId, change);
    if (done === undefined) throw new Error('a change of nothing has passed its schema');
    if (body.limit !== undefined) await changeOpenWindow(context, done.state);
    return view(done, context);
  },
});

export const archiveBudget = defineRoute({
  operationId: 'archiveBudget',
  method: 'POST',
  path: '/v1/budgets/{budget_id}/archive',
  tag: 'Budgets',
  summary: 'Remove a budget: it binds no new call, and what it has counted stays readable',
  description: 'Calls that hold a part of it are settled as before.',
  params: budgetParams,
  status: 200,
  response: budgetView,
  errors: ['budget_not_found', 'budget_archived', 'concurrent_change'],
  async handler({ params: { budget_id }, commandId }, context) {
    const archived = { type: 'BudgetArchived', data: { budget_id } } as const;
    return view(await changeLive(context, commandId, archived), context);
  },
});

export const restoreBudget = defineRoute({
  operationId: 'restoreBudget',
  method: 'POST',
  path: '/v1/budgets/{budget_id}/restore',
  tag: 'Budgets',
  summary: 'Restore an archived budget: it binds the next calls, with what its window has spent',
  description: 'Calls that it did not bind meanwhile do not count.',
  params: budgetParams,
  status: 200,
  response: budgetView,
  errors: ['budget_not_found', 'budget_not_archived', 'customer_archived', 'concurrent_change'],
  async handler({ params: { budget_id }, commandId }, context) {
    const known = context.directory.budgets.get(budget_id);
    if (known !== undefined) namedScope(known.state.scope, context);
    const restored = { type: 'BudgetRestored', data: { budget_id } } as const;
    return view(await changeLive(context, commandId, restored), context);
  },
});

async function view(
  item: Entity<BudgetDefinition>,
  context: ApiContext,
  endUser?: string,
): Promise<z.input<typeof budgetView>> {
  const [only] = await views([item], context, endUser);
  return only as z.input<typeof budgetView>;
}

/** @throws ApiProblem invalid_request if an end user is named and the budget is no template */
function requireTemplate({ per }: BudgetDefinition, endUser: string | undefined): void {
  if (endUser === undefined || per !== null) return;
  const errors = [{ path: 'query.end_user', message: 'this budget is not one per end user' }];
  throw new ApiProblem('invalid_request', { errors });
}

/**
 * One question to the warehouse for all of them.
 *
 * @param endUser whose window is shown of templates; undefined: that of calls that name nobody
 */
async function views(
  items: readonly Entity<BudgetDefinition>[],
  context: ApiContext,
  endUser?: string,
) {
  const nowMs = context.clock();
  const windows = items.map(({ state }) => {
    const bounds = windowBounds(state, nowMs);
    const digest = state.per === null ? null : endUserDigest(endUser ?? null);
    return { ...bounds, stream: windowStream(state.budget_id, bounds.startMs, digest) };
  });
  const unresolved = await unresolvedOf(windows, context);
  const soft = await softSpendOf(items, windows, context);
  return await Promise.all(
    items.map(async ({ state: definition, createdAtMs }, index) => {
      const { startMs, endMs, stream } = windows[index] as (typeof windows)[number];
      const window = await loadWindow(context, stream).catch((cause: unknown) => {
        throw new ApiProblem('ledger_unavailable', { cause });
      });
      const account = accountAt(window.state, definition, { startMs, endMs }, nowMs);
      const { budget_id, limit, revision: _, topUps: __, raises: ___, ...rest } = definition;
      const window_start = new Date(startMs).toISOString();
      return {
        object: 'budget' as const,
        id: budget_id,
        ...rest,
        thresholds: [...definition.thresholds],
        status: lifeStatus(definition),
        limit: formatDecimal12(limit),
        current: {
          window_start,
          window_end: Number.isFinite(endMs) ? new Date(endMs).toISOString() : null,
          limit: formatDecimal12(account.limit),
          parts: partsOf(definition, account, nowMs),
          spent:
            definition.enforcement === 'soft'
              ? (soft.get(stream) ?? null)
              : formatDecimal12(account.spent),
          held: formatDecimal12(account.held),
          thresholds_reached: context.alarms.thresholdsReached(budget_id, window_start),
          unresolved: unresolved === null ? null : unresolvedView(unresolved.get(stream)),
        },
        created_at: new Date(createdAtMs).toISOString(),
      };
    }),
  );
}

/** A budget is answered from the ledger, also while the warehouse is away. */
async function unresolvedOf(
  windows: readonly { startMs: number; stream: string }[],
  { warehouse, limits, onError }: Pick<ApiContext, 'warehouse' | 'limits' | 'onError'>,
): Promise<Map<string, UnresolvedHolds> | null> {
  const streams = windows.map(({ stream }) => stream);
  const sinceMs = Math.min(...windows.map(({ startMs }) => startMs));
  return await answeredIn(
    limits.unresolvedWaitMs,
    () => unresolvedHolds(warehouse, streams, sinceMs),
    (error) => onError('unresolved attempts of budgets cannot be read', error),
  );
}

const NOTHING = '0.000000000000';

function unresolvedView(holds: UnresolvedHolds | undefined) {
  return {
    attempts: holds?.attempts ?? 0,
    amount: holds?.amount ?? NOTHING,
    oldest_at: holds === undefined ? null : new Date(holds.oldestMs).toISOString(),
    own_failures: holds?.ownFailures ?? { attempts: 0, amount: NOTHING },
  };
}

/**
 * /v1/routes: names that clients send as a model, and the models that may serve their calls
 * (docs/design.md, Route). The proxies follow the ledger, so a version is in force at each of them within
 * a second of its date.
 */
import { routeEvents } from '@tollgate/adapters/ledger/categories.ts';
import {
  decideArchiveRoute,
  decidePublishRoute,
  evolveRoute,
  type PublishedRoute,
  type RouteVersion,
  versionAt,
} from '@tollgate/domain/routing/published-route.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import {
  listRoutesQuery,
  routeParams,
  routeRequest,
  routeView,
} from '@tollgate/schemas/http/routes.ts';
import { LISTED_TWICE, listedTwice } from '@tollgate/schemas/routes/route-terms.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem } from '../../http/errors.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import type { Entity } from '../../resources/entities.ts';
import { lifeStatus } from '../named-customer.ts';

export const publishRoute = defineRoute({
  operationId: 'publishRoute',
  method: 'POST',
  path: '/v1/routes',
  tag: 'Routes',
  summary: 'Publish a version of a route; from `effective_from` on it replaces the one before',
  description:
    'A call is served by the version that was in force when it came, whatever is published meanwhile. ' +
    'A route of this name in the configuration comes after it; a model of this name, only if `replaces_model` says so.',
  body: routeRequest,
  status: 201,
  response: routeView,
  errors: ['route_hides_model', 'route_versions_full', 'concurrent_change'],
  async handler({ body, commandId, timeMs }, context) {
    const { route, effective_from, replaces_model, ...terms } = body;
    // seam: route-hides-no-model
    if (Object.hasOwn(context.models, route) && !replaces_model) {
      throw new ApiProblem('route_hides_model');
    }
    const twice = listedTwice(terms.candidates, context.models);
    if (twice !== -1) {
      const errors = [{ path: `candidates.${twice}`, message: LISTED_TWICE }];
      throw new ApiProblem('invalid_request', { errors });
    }
    const effectiveFromMs = effective_from === undefined ? timeMs : Date.parse(effective_from);
    const done = await carryOut(context, {
      category: routeEvents,
      id: route,
      commandId,
      evolve: evolveRoute,
      decide: (state) =>
        decidePublishRoute(state, { route, terms, effectiveFromMs, nowMs: timeMs }),
    });
    return view(done);
  },
});

export const listRoutes = defineRoute({
  operationId: 'listRoutes',
  method: 'GET',
  path: '/v1/routes',
  tag: 'Routes',
  summary: 'List routes of the ledger, newest first; those of the configuration are not among them',
  query: listRoutesQuery,
  status: 200,
  response: listOf(routeView),
  errors: ['cursor_unknown'],
  async handler({ query }, { directory }) {
    const { status } = query;
    const items = directory.routes.where(
      (route) => status === undefined || lifeStatus(route) === status,
    );
    return pageOf(items, query, ({ state }) => state.route, view);
  },
});

export const getRoute = defineRoute({
  operationId: 'getRoute',
  method: 'GET',
  path: '/v1/routes/{route}',
  tag: 'Routes',
  summary: 'Retrieve a route',
  params: routeParams,
  status: 200,
  response: routeView,
  errors: ['route_not_found'],
  async handler({ params }, { directory }) {
    const found = directory.routes.get(params.route);
    if (found === undefined) throw new ApiProblem('route_not_found');
    return view(found);
  },
});

export const archiveRoute = defineRoute({
  operationId: 'archiveRoute',
  method: 'POST',
  path: '/v1/routes/{route}/archive',
  tag: 'Routes',
  summary: 'End a route and all its versions to come; one of this name may be published again',
  params: routeParams,
  status: 200,
  response: routeView,
  errors: ['route_not_found', 'route_archived', 'concurrent_change'],
  async handler({ params: { route }, commandId }, context) {
    const done = await carryOut(context, {
      category: routeEvents,
      id: route,
      commandId,
      evolve: evolveRoute,
      decide: decideArchiveRoute,
    });
    return view(done);
  },
});

function view({ state, createdAtMs, updatedAtMs }: Entity<PublishedRoute>) {
  const nowMs = Date.now();
  const current = versionAt(state, nowMs);
  const scheduled = state.dated.filter(({ effectiveFromMs }) => effectiveFromMs > nowMs);
  return {
    object: 'route' as const,
    id: state.route,
    current: current === undefined ? null : shown(current),
    scheduled: scheduled.map(shown),
    status: lifeStatus(state),
    archived: state.archived,
    created_at: new Date(createdAtMs).toISOString(),
    updated_at: new Date(updatedAtMs).toISOString(),
  };
}

function shown({ version, effectiveFromMs, terms }: RouteVersion) {
  return { version, effective_from: new Date(effectiveFromMs).toISOString(), terms };
}

/** /v1/teams: the teams of a customer. */

import { teamEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { TeamEvent } from '@tollgate/domain/customer/customer-events.ts';
import {
  decideArchiveTeam,
  decideUpdateTeam,
  evolveTeam,
  type Team,
  type TeamRefusal,
} from '@tollgate/domain/customer/team.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import {
  teamChange,
  teamList,
  teamParams,
  teamRequest,
  teamView,
} from '@tollgate/schemas/http/resources.ts';
import type { ApiContext } from '../../context.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem } from '../../http/errors.ts';
import { isWanted, pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import type { Entity } from '../../resources/entities.ts';
import { lifeStatus, liveCustomer, ofCustomer } from '../named-customer.ts';

export const createTeam = defineRoute({
  operationId: 'createTeam',
  method: 'POST',
  path: '/v1/teams',
  tag: 'Customers',
  summary: 'Create a team of a customer',
  body: teamRequest,
  status: 201,
  response: teamView,
  errors: ['customer_not_found', 'customer_archived', 'concurrent_change'],
  async handler({ body, newId, commandId, timeMs }, context) {
    const team_id = newId('team');
    const { customer_id } = liveCustomer(context, body.customer_id);
    const data = { ...body, team_id, customer_id, external_id: body.external_id ?? null };
    const { state } = await carryOut(context, {
      category: teamEvents,
      id: team_id,
      commandId,
      evolve: evolveTeam,
      decide: () => ({ type: 'TeamCreated', data }),
    });
    return view({ state, createdAtMs: timeMs, updatedAtMs: timeMs });
  },
});

export const listTeams = defineRoute({
  operationId: 'listTeams',
  method: 'GET',
  path: '/v1/teams',
  tag: 'Customers',
  summary: 'List teams, newest first',
  query: teamList,
  status: 200,
  response: listOf(teamView),
  errors: ['cursor_unknown'],
  async handler({ query }, context) {
    const isOfCustomer = ofCustomer(context, query.customer_id);
    return pageOf(
      context.directory.teams.all(),
      query,
      ({ state }) => state.team_id,
      view,
      ({ state }) =>
        isOfCustomer(state) &&
        isWanted(query.external_id, state.external_id) &&
        isWanted(query.status, lifeStatus(state)),
    );
  },
});

export const getTeam = defineRoute({
  operationId: 'getTeam',
  method: 'GET',
  path: '/v1/teams/{team_id}',
  tag: 'Customers',
  summary: 'Retrieve a team',
  params: teamParams,
  status: 200,
  response: teamView,
  errors: ['team_not_found'],
  async handler({ params }, { directory }) {
    const found = directory.teams.get(params.team_id);
    if (found === undefined) throw new ApiProblem('team_not_found');
    return view(found);
  },
});

export const updateTeam = defineRoute({
  operationId: 'updateTeam',
  method: 'PATCH',
  path: '/v1/teams/{team_id}',
  tag: 'Customers',
  summary: 'Change the name or the models of a team; what is left out stays',
  params: teamParams,
  body: teamChange,
  status: 200,
  response: teamView,
  errors: ['team_not_found', 'team_archived', 'concurrent_change'],
  handler: async ({ params, body, commandId }, context) =>
    view(await change(context, params.team_id, commandId, (s) => decideUpdateTeam(s, body))),
});

export const archiveTeam = defineRoute({
  operationId: 'archiveTeam',
  method: 'POST',
  path: '/v1/teams/{team_id}/archive',
  tag: 'Customers',
  summary: 'Archive a team: none of its keys opens anything within one second',
  description: 'Everything that it has used stays, and is billed to the customer as before.',
  params: teamParams,
  status: 200,
  response: teamView,
  errors: ['team_not_found', 'team_archived', 'concurrent_change'],
  handler: async ({ params, commandId }, context) =>
    view(await change(context, params.team_id, commandId, decideArchiveTeam)),
});

function change(
  context: ApiContext,
  id: string,
  commandId: string,
  decide: (state: Team | undefined) => TeamEvent | TeamRefusal,
) {
  return carryOut(context, {
    category: teamEvents,
    ...{ id, commandId, decide },
    evolve: evolveTeam,
  });
}

function view({ state, createdAtMs }: Entity<Team>) {
  const { team_id, ...rest } = state;
  return {
    object: 'team' as const,
    id: team_id,
    ...rest,
    status: lifeStatus(state),
    created_at: new Date(createdAtMs).toISOString(),
  };
}

/** /v1/teams: the teams of a customer. */

import { teamEvents } from '@tollgate/adapters/ledger/categories.ts';
import { evolveTeam, type Team } from '@tollgate/domain/customer/team.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import { listByCustomer, teamRequest, teamView } from '@tollgate/schemas/http/resources.ts';
import { carryOut } from '../../http/carry-out.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import type { Entity } from '../../resources/entities.ts';
import { liveCustomer, ofCustomer } from '../named-customer.ts';

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
    const data = { team_id, customer_id, name: body.name, external_id: body.external_id ?? null };
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
  query: listByCustomer,
  status: 200,
  response: listOf(teamView),
  errors: ['cursor_unknown'],
  async handler({ query }, context) {
    const items = context.directory.teams.where(ofCustomer(context, query.customer_id));
    return pageOf(items, query, ({ state }) => state.team_id, view);
  },
});

function view({ state, createdAtMs }: Entity<Team>) {
  const { team_id, ...rest } = state;
  return {
    object: 'team' as const,
    id: team_id,
    ...rest,
    created_at: new Date(createdAtMs).toISOString(),
  };
}

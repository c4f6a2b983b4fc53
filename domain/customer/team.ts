/** Life of a team: the fold of `team-<id>` and what may happen to it. */
import { ANY_MODEL, type ModelLists } from '../routing/model-access.ts';
import type { TeamArchived, TeamCreated, TeamEvent, TeamUpdated } from './customer-events.ts';

export type Team = TeamCreated['data'] & ModelLists & { archived: boolean };

/** @param state undefined before the first event */
export function evolveTeam(state: Team | undefined, event: TeamEvent): Team {
  if (event.type === 'TeamCreated') return { ...ANY_MODEL, ...event.data, archived: false };
  if (state === undefined) throw new Error(`${event.type} before TeamCreated`);
  switch (event.type) {
    case 'TeamUpdated':
      return { ...state, ...event.data };
    case 'TeamArchived':
      return { ...state, archived: true };
    default:
      return event satisfies never;
  }
}

export type TeamRefusal = { refused: 'team_not_found' | 'team_archived' };

export function decideUpdateTeam(
  state: Team | undefined,
  change: Omit<TeamUpdated['data'], 'team_id'>,
): TeamUpdated | TeamRefusal {
  const team = liveOrRefused(state);
  if ('refused' in team) return team;
  return { type: 'TeamUpdated', data: { ...change, team_id: team.team_id } };
}

/** Its keys open nothing any more. */
export function decideArchiveTeam(state: Team | undefined): TeamArchived | TeamRefusal {
  const team = liveOrRefused(state);
  if ('refused' in team) return team;
  return { type: 'TeamArchived', data: { team_id: team.team_id } };
}

function liveOrRefused(state: Team | undefined): Team | TeamRefusal {
  if (state === undefined) return { refused: 'team_not_found' };
  return state.archived ? { refused: 'team_archived' } : state;
}

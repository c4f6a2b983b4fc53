/** Life of a team: the fold of `team-<id>` and what may happen to it. */
import type { TeamCreated, TeamEvent } from './customer-events.ts';

export type Team = TeamCreated['data'] & { archived: boolean };

/** @param state undefined before the first event */
export function evolveTeam(state: Team | undefined, event: TeamEvent): Team {
  if (event.type === 'TeamCreated') return { ...event.data, archived: false };
  if (state === undefined) throw new Error(`${event.type} before TeamCreated`);
  switch (event.type) {
    case 'TeamUpdated':
      return { ...state, name: event.data.name };
    case 'TeamArchived':
      return { ...state, archived: true };
    default:
      return event satisfies never;
  }
}

export type TeamRefusal = { refused: 'team_not_found' | 'team_archived' };

/** Null: nothing changes. */
export function decideRenameTeam(
  state: Team | undefined,
  name: string,
): TeamEvent | null | TeamRefusal {
  if (state === undefined) return { refused: 'team_not_found' };
  if (state.archived) return { refused: 'team_archived' };
  if (state.name === name) return null;
  return { type: 'TeamUpdated', data: { team_id: state.team_id, name } };
}

/** Archiving what is archived changes nothing. */
export function decideArchiveTeam(state: Team | undefined): TeamEvent | null | TeamRefusal {
  if (state === undefined) return { refused: 'team_not_found' };
  if (state.archived) return null;
  return { type: 'TeamArchived', data: { team_id: state.team_id } };
}

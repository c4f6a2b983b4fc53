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

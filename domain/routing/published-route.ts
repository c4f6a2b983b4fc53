/**
 * Life of a route: the fold of `route-<name>`, and which version is in force. Versions that were replaced
 * are in the ledger alone.
 */
import type { RouteTerms } from './route.ts';
import type { RouteArchived, RouteEvent, RoutePublished } from './route-events.ts';

export type RouteVersion = {
  version: number;
  effectiveFromMs: number;
  terms: RouteTerms;
};

export type PublishedRoute = {
  route: string;
  /** How many there ever were. */
  versions: number;
  /** That in force when the last one was published, and those to come then, by their start. */
  dated: readonly RouteVersion[];
  archived: boolean;
};

/** To come at once: a plan for a year, week by week. */
const SCHEDULED_MAX = 52;

/** @param state undefined before the first event */
export function evolveRoute(state: PublishedRoute | undefined, event: RouteEvent): PublishedRoute {
  switch (event.type) {
    case 'RoutePublished': {
      const { route, version, effective_from, published_at, terms } = event.data;
      const added = { version, effectiveFromMs: Date.parse(effective_from), terms };
      // Of two that start together, the later publication comes later in the list, and counts.
      const all = [...(state?.dated ?? []), added].toSorted(
        (a, b) => a.effectiveFromMs - b.effectiveFromMs,
      );
      const publishedAtMs = Date.parse(published_at);
      const current = all.findLastIndex((one) => one.effectiveFromMs <= publishedAtMs);
      return { route, versions: version, dated: all.slice(Math.max(0, current)), archived: false };
    }
    case 'RouteArchived':
      if (state === undefined) throw new Error('RouteArchived before RoutePublished');
      return { ...state, dated: [], archived: true };
    default:
      return event satisfies never;
  }
}

/** The version that calls of this moment take; undefined: none does yet, or any more. */
export function versionAt(
  { dated }: Pick<PublishedRoute, 'dated'>,
  nowMs: number,
): RouteVersion | undefined {
  // seam: version-starts-at-its-date
  return dated.findLast(({ effectiveFromMs }) => effectiveFromMs <= nowMs);
}

export type RouteRefusal = {
  refused: 'route_not_found' | 'route_archived' | 'route_versions_full';
};

/** @param command.effectiveFromMs in the past: now */
export function decidePublishRoute(
  state: PublishedRoute | undefined,
  command: { route: string; terms: RouteTerms; effectiveFromMs: number; nowMs: number },
): RoutePublished | RouteRefusal {
  const { route, terms, effectiveFromMs, nowMs } = command;
  const scheduled = state?.dated.filter((one) => one.effectiveFromMs > nowMs) ?? [];
  if (scheduled.length >= SCHEDULED_MAX) return { refused: 'route_versions_full' };
  return {
    type: 'RoutePublished',
    data: {
      route,
      version: (state?.versions ?? 0) + 1,
      effective_from: new Date(Math.max(effectiveFromMs, nowMs)).toISOString(),
      published_at: new Date(nowMs).toISOString(),
      terms,
    },
  };
}

export function decideArchiveRoute(
  state: PublishedRoute | undefined,
): RouteArchived | RouteRefusal {
  if (state === undefined) return { refused: 'route_not_found' };
  if (state.archived) return { refused: 'route_archived' };
  return { type: 'RouteArchived', data: { route: state.route } };
}

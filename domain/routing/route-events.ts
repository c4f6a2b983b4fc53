/** Stream `route-<name>`: the versions of a route. Two of one name cannot be: they are one stream. */
import { streamCategory } from '../stream/stream-category.ts';
import type { RouteTerms } from './route.ts';

export const routeStreams = streamCategory('route');

export type RoutePublished = {
  type: 'RoutePublished';
  data: {
    route: string;
    /** 1, 2, 3 … */
    version: number;
    /** RFC 3339. From then on it replaces the one before; not before it was published. */
    effective_from: string;
    published_at: string;
    terms: RouteTerms;
  };
};

/** From now on nothing is in force, and nothing is to come. */
export type RouteArchived = { type: 'RouteArchived'; data: { route: string } };

export type RouteEvent = RoutePublished | RouteArchived;

/** The routes of the ledger, ready for calls: what each name leads to at a moment. */
import {
  evolveRoute,
  type PublishedRoute,
  versionAt,
} from '@tollgate/domain/routing/published-route.ts';
import type { RouteEvent } from '@tollgate/domain/routing/route-events.ts';
import { openRoute, type PublishedRoutes, type Route } from '../routing/routes.ts';

export class RoutesView implements PublishedRoutes {
  readonly #routes = new Map<string, PublishedRoute>();
  /** By name and version: rules are compiled once. */
  readonly #open = new Map<string, Route>();

  find(name: string, nowMs: number): Route | undefined {
    // Most calls name a model.
    const published = this.#routes.size === 0 ? undefined : this.#routes.get(name);
    if (published === undefined) return undefined;
    const version = versionAt(published, nowMs);
    if (version === undefined) return undefined;
    const known = this.#open.get(name);
    if (known?.version === version.version) return known;
    const route = openRoute(name, version.version, version.terms);
    this.#open.set(name, route);
    return route;
  }

  names(nowMs: number): string[] {
    return [...this.#routes.values()]
      .filter((route) => versionAt(route, nowMs) !== undefined)
      .map(({ route }) => route);
  }

  apply(event: RouteEvent): void {
    const { route } = event.data;
    this.#routes.set(route, evolveRoute(this.#routes.get(route), event));
  }
}

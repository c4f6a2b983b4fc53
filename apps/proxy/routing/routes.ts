/** The routes in force: those of the configuration, and those of the ledger, which come first. */
import { parseDecimal } from '@tollgate/domain/money/money.ts';
import type { MaxPrice, RouteTerms } from '@tollgate/domain/routing/route.ts';
import { Rules } from '@tollgate/domain/routing/rules.ts';

/** A route that is ready for calls. */
export type Route = {
  name: string;
  /** Null: it is of the configuration. */
  version: number | null;
  terms: RouteTerms;
  rules: Rules;
};

/** Those that the ledger has. */
export type PublishedRoutes = {
  find(name: string, nowMs: number): Route | undefined;
  names(nowMs: number): string[];
};

export function openRoute(name: string, version: number | null, terms: RouteTerms): Route {
  return { name, version, terms, rules: new Rules(terms) };
}

export class Routes {
  readonly #configured: ReadonlyMap<string, Route>;
  readonly #published: PublishedRoutes | undefined;

  constructor(configured: ReadonlyMap<string, RouteTerms>, published?: PublishedRoutes) {
    const routes = [...configured].map(([name, terms]) => openRoute(name, null, terms));
    this.#configured = new Map(routes.map((route) => [route.name, route]));
    this.#published = published;
  }

  find(name: string, nowMs: number): Route | undefined {
    return this.#published?.find(name, nowMs) ?? this.#configured.get(name);
  }

  names(nowMs: number): string[] {
    const published = this.#published?.names(nowMs) ?? [];
    return [...new Set([...published, ...this.#configured.keys()])];
  }
}

const PICO_PLACES = 12;

/** Pico-dollars per million tokens. */
export function compileMaxPrice(price: MaxPrice | null) {
  if (price === null) return null;
  const compile = (text: string | null) => (text === null ? null : parseDecimal(text, PICO_PLACES));
  return { input: compile(price.input), output: compile(price.output) };
}

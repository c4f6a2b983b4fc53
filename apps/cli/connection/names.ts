/** What people call what has an id: asked once each, and only for as many as a screen shows. */
import type { Api } from './api.ts';

const NAMES_MAX = 200;
const AT_ONCE = 8;

const PATHS: Readonly<Record<string, string>> = {
  customer_id: '/v1/customers/',
  team_id: '/v1/teams/',
  key_id: '/v1/keys/',
};

export class Names {
  readonly #api: Api;
  readonly #known = new Map<string, string>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** @param field which kind of id it is, as in `customer_id` */
  async learn(field: string, ids: Iterable<string | null>): Promise<void> {
    const path = PATHS[field];
    if (path === undefined) return;
    const missing = [...new Set(ids)].filter(
      (id): id is string => id !== null && !this.#known.has(id),
    );
    const wanted = missing.slice(0, Math.max(0, NAMES_MAX - this.#known.size));
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      await Promise.all(wanted.slice(at, at + AT_ONCE).map((id) => this.#ask(path, id)));
    }
  }

  /** The name, or the id where there is none. */
  of(id: string): string {
    return this.#known.get(id) ?? id;
  }

  async #ask(path: string, id: string): Promise<void> {
    type Named = { name: string; external_id?: string | null };
    // Usage of external collectors may name a customer that nobody has made.
    const found = await this.#api.get<Named>(path + encodeURIComponent(id)).catch(() => undefined);
    this.#known.set(id, found === undefined ? id : (found.external_id ?? found.name));
  }
}

/**
 * Which models the calls of a key may use (docs/design.md, Model access): allow and deny lists of the
 * key, its team and its customer. A denial wins, and every level that has an allow list must allow.
 *
 * A model has two names: the one that the client sends, which may be an alias, and the provider's.
 * A denial of either binds, so no alias is a way around a deny list. An allow list may name either:
 * who allows an alias allows what it leads to. A fallback is nothing that a client asked for by name,
 * so the provider's name alone must be allowed.
 */
import { globMatcher } from './glob.ts';

export type ModelLists = {
  /** Patterns; null: any model. Never empty: some would read that as all, and others as none. */
  allowed_models: string[] | null;
  denied_models: string[];
};

export const ANY_MODEL: Readonly<ModelLists> = { allowed_models: null, denied_models: [] };

export type ModelScope = 'key' | 'team' | 'customer';

export type ModelRefusal = {
  /** Whose list it is. */
  scope: ModelScope;
  reason: 'denied' | 'not_listed';
  /** What denies it. */
  pattern: string | null;
};

type Pattern = { text: string; fits: (name: string) => boolean };
type Level = { scope: ModelScope; denied: readonly Pattern[]; allowed: readonly Pattern[] | null };

export class ModelAccess {
  readonly #levels: readonly Level[];

  constructor(lists: readonly (readonly [ModelScope, ModelLists])[]) {
    this.#levels = lists.map(([scope, { allowed_models, denied_models }]) => ({
      scope,
      denied: denied_models.map(pattern),
      allowed: allowed_models === null ? null : allowed_models.map(pattern),
    }));
  }

  /**
   * @param via the name by which a route leads to it, if that is another: a route is no way around either
   * @returns null: the model may be used
   */
  refusal(
    requested: string,
    served: string,
    isFallback = false,
    via: string | null = null,
  ): ModelRefusal | null {
    for (const { scope, denied } of this.#levels) {
      // seam: denial-of-either-name-binds
      const by = denied.find(({ fits }) => fits(requested) || fits(served));
      const byAlias = via === null ? undefined : denied.find(({ fits }) => fits(via));
      const denial = by ?? byAlias;
      if (denial !== undefined) return { scope, reason: 'denied', pattern: denial.text };
    }
    for (const { scope, allowed } of this.#levels) {
      if (allowed === null) continue;
      const isListed = allowed.some(({ fits }) => fits(served) || (!isFallback && fits(requested)));
      if (!isListed) return { scope, reason: 'not_listed', pattern: null };
    }
    return null;
  }
}

function pattern(text: string): Pattern {
  return { text, fits: globMatcher(text) };
}

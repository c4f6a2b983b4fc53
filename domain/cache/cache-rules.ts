/**
 * Which calls the cache of answers is for (docs/design.md, Cache): the first rule that fits decides,
 * and without one nothing is stored or served. Rules are the operator's configuration.
 */
import { globMatcher } from '../routing/glob.ts';
import type { CacheNamespace, CacheOwner } from './cache-key.ts';

export type CacheRule = {
  /** Patterns of the names that clients send, of models and routes; undefined: any. */
  models?: readonly string[] | undefined;
  /** Ids of keys and customers; undefined: any. */
  keys?: readonly string[] | undefined;
  customers?: readonly string[] | undefined;
  /**
   * `exact`: the same request; `semantic`: also a question that means the same; `off`: an exception to the
   * rules behind it.
   */
  mode: 'exact' | 'semantic' | 'off';
  /** Of `semantic`: the least cosine of two questions that mean the same. */
  threshold?: number | undefined;
  /** Of `semantic`: also of the last question of a conversation whose earlier turns are the same. */
  multiTurn?: boolean | undefined;
  namespace: CacheNamespace;
  ttlS: number;
  /** What a hit costs, in percent of what the call would have cost at the price in force then. */
  chargePercent: number;
};

type Compiled = { rule: CacheRule; fits: (model: string) => boolean };

export class CacheRules {
  readonly #rules: readonly Compiled[];

  constructor(rules: readonly CacheRule[]) {
    this.#rules = rules.map((rule) => {
      const fits = rule.models?.map(globMatcher);
      return { rule, fits: (model) => fits?.some((one) => one(model)) ?? true };
    });
  }

  /** @param model as the client names it @returns null: its calls are not cached */
  of({ customerId, keyId }: CacheOwner, model: string): CacheRule | null {
    const found = this.#rules.find(
      ({ rule, fits }) =>
        (rule.keys?.includes(keyId) ?? true) &&
        (rule.customers?.includes(customerId) ?? true) &&
        fits(model),
    );
    return found === undefined || found.rule.mode === 'off' ? null : found.rule;
  }
}

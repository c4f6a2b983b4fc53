import { describe, expect, it } from 'vitest';
import type { RouteCandidate, RouteRule, RouteTerms, RuleConditions } from './route.ts';
import { type Asked, Rules } from './rules.ts';

const NONE: RuleConditions = {
  ...{ tags: {}, headers: {}, models: null, input_tokens_from: null, input_tokens_below: null },
  ...{ needs: [], time: null, budget_used_over: null },
};
const rule = (when: Partial<RuleConditions>, more: Partial<RouteRule> = {}): RouteRule => ({
  when: { ...NONE, ...when },
  ...{ candidates: null, strategy: null, regions: null, max_price: null },
  ...more,
});
const terms = (...rules: RouteRule[]): RouteTerms => ({
  ...{ strategy: 'fixed', candidates: [] as RouteCandidate[], rules, supports: null },
  ...{
    regions: ['eu'],
    max_price: null,
    complexity: null,
    fallback_on: [],
    retries: 0,
    timeout_ms: null,
  },
});
const asked: Asked = {
  ...{ model: 'smart', inputTokensMax: 100, capabilities: ['tools'], tags: { team: 'a' } },
  header: (name) => (name === 'x-tier' ? 'gold' : undefined),
  nowMs: Date.UTC(2026, 5, 1, 23, 30),
  budgetUsedPercent: () => 80,
};
const fits = (when: Partial<RuleConditions>, more: Partial<Asked> = {}) =>
  new Rules(terms(rule(when))).of({ ...asked, ...more }).rule === 0;

describe('a rule of a route', () => {
  it.each<[string, Partial<RuleConditions>, boolean]>([
    ['nothing', {}, true],
    ['a tag', { tags: { team: ['b', 'a'] } }, true],
    ['another value of a tag', { tags: { team: ['b'] } }, false],
    ['a tag that every object has', { tags: { constructor: ['a'] } }, false],
    ['a header', { headers: { 'x-tier': ['gold'] } }, true],
    ['a header that is not there', { headers: { 'x-other': ['gold'] } }, false],
    ['a pattern of the model', { models: ['x', 'sm*'] }, true],
    ['another model', { models: ['x*'] }, false],
    ['a length', { input_tokens_from: 100, input_tokens_below: 101 }, true],
    ['a longer input', { input_tokens_from: 101 }, false],
    ['a shorter input', { input_tokens_below: 100 }, false],
    ['what the request needs', { needs: ['tools'] }, true],
    ['what it does not need', { needs: ['tools', 'vision'] }, false],
    ['a time of day', { time: { from: '23:30', to: '23:31' } }, true],
    ['a time that has ended', { time: { from: '22:00', to: '23:30' } }, false],
    ['a time across midnight', { time: { from: '22:00', to: '06:00' } }, true],
    ['a time across midnight that has not begun', { time: { from: '23:31', to: '06:00' } }, false],
    ['a budget that is used more', { budget_used_over: 79.9 }, true],
    ['two, and one does not fit', { tags: { team: ['a'] }, models: ['x'] }, false],
  ])('that asks for %s', (_, when, expected) => {
    expect(fits(when)).toBe(expected);
  });

  // bifrost#5770
  it('for a used budget does not fire before it is used by more than that', () => {
    expect([79.9, 80, 80.1].map((over) => fits({ budget_used_over: over }))).toEqual([
      ...[true, false, false],
    ]);
  });

  it('asks for budgets only if it needs to', () => {
    const budgetUsedPercent = () => {
      throw new Error('asked');
    };
    expect(fits({ models: ['x'], budget_used_over: 1 }, { budgetUsedPercent })).toBe(false);
  });

  it('the first that fits decides, and what it does not say the route says', () => {
    const rules = new Rules(
      terms(
        rule({ models: ['x'] }, { strategy: 'split' }),
        rule({}, { strategy: 'cheapest', candidates: ['b'] }),
        rule({}, { strategy: 'weighted' }),
      ),
    );
    expect(rules.of(asked)).toEqual({
      ...{ rule: 1, strategy: 'cheapest', candidates: ['b'], regions: ['eu'], maxPrice: null },
    });
    expect(new Rules(terms()).of(asked)).toMatchObject({ rule: null, strategy: 'fixed' });
  });
});

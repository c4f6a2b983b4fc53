import { describe, expect, it } from 'vitest';
import { cacheKeyText, namespaceText } from './cache-key.ts';
import { type CacheRule, CacheRules } from './cache-rules.ts';
import { ageS, mayServe } from './freshness.ts';
import { hitCost } from './hit-cost.ts';

const owner = { customerId: 'cus_a', keyId: 'key_a' };
const rule: CacheRule = { mode: 'exact', namespace: 'customer', ttlS: 60, chargePercent: 0 };

describe('which calls are cached', () => {
  it('none, unless a rule says so', () => {
    expect(new CacheRules([]).of(owner, 'm')).toBeNull();
    expect(new CacheRules([{ ...rule, models: ['gpt-*'] }]).of(owner, 'm')).toBeNull();
    expect(new CacheRules([{ ...rule, keys: ['key_b'] }]).of(owner, 'm')).toBeNull();
    expect(new CacheRules([{ ...rule, customers: ['cus_b'] }]).of(owner, 'm')).toBeNull();
  });

  it('the first rule that fits decides, by model, key and customer; one may be an exception', () => {
    const rules = new CacheRules([
      { ...rule, models: ['gpt-4o'], mode: 'off' },
      { ...rule, models: ['GPT-*'], keys: ['key_a'], ttlS: 1 },
      { ...rule, customers: ['cus_a'], ttlS: 2 },
    ]);
    const found = ['gpt-4o', 'gpt-5', 'other'].map((model) => rules.of(owner, model)?.ttlS);
    expect(found).toEqual([undefined, 1, 2]);
    expect(rules.of({ ...owner, keyId: 'key_b' }, 'gpt-5')?.ttlS).toBe(2);
  });
});

describe('whose answers are shared', () => {
  it('I10: of one customer by default; no name can be made to look like another one', () => {
    const texts = [
      namespaceText('customer', owner, 'x'),
      namespaceText('customer', { ...owner, customerId: 'cus_a","key_a' }, 'x'),
      namespaceText('key', owner, 'x'),
      namespaceText('key', { customerId: 'cus_a', keyId: 'key_b' }, 'x'),
      namespaceText('end_user', owner, 'x'),
      namespaceText('end_user', owner, null),
      namespaceText('end_user', owner, 'null'),
      namespaceText('end_user', owner, '\ud800'),
      namespaceText('end_user', owner, '\ufffd'),
      namespaceText('end_user', owner, 'key_a'),
      namespaceText('installation', owner, 'x'),
    ];
    expect(new Set(texts).size).toBe(texts.length);
    expect(namespaceText('customer', { ...owner, keyId: 'key_b' }, 'y')).toBe(texts[0]);
    expect(namespaceText('installation', { customerId: 'b', keyId: 'b' }, 'y')).toBe(texts.at(-1));
  });

  it('a header that chooses another behaviour is in the key, any other is not', () => {
    const of = (headers: object) => cacheKeyText('n', 'e', { ...headers }, '{}');
    expect(of({ 'user-agent': 'x', 'x-tollgate-end-user': 'y', accept: 'z' })).toBe(of({}));
    expect(of({ 'openai-beta': 'a' })).not.toBe(of({}));
    expect(of({ 'openai-beta': 'a' })).not.toBe(of({ 'anthropic-beta': 'a' }));
    expect(of({ 'openai-beta': ['a', 'b'] })).not.toBe(of({ 'openai-beta': 'a,b' }));
  });
});

describe('an entry', () => {
  const entry = {
    ...{ customerId: 'cus_a', model: 'm', purgesSeen: 3 },
    ...{ storedAtMs: 10_000, expiresAtMs: 70_000 },
  };
  const asked = { nowMs: 20_000, maxAgeS: null, purgedAt: -1 };

  it.each([
    ['is served', {}, true],
    ['whose proxy had seen the purge', { purgedAt: 3 }, true],
    ['from before a purge is not', { purgedAt: 4 }, false],
    ['whose time is over is not', { nowMs: 70_000 }, false],
    ['that is as old as asked for', { maxAgeS: 10 }, true],
    ['that is older is not', { maxAgeS: 9 }, false],
    ['is no younger than 0 by any clock', { nowMs: 9_000, maxAgeS: 0 }, true],
  ])('%s', (_, more, serves) => expect(mayServe(entry, { ...asked, ...more })).toBe(serves));

  it('is stated in whole seconds that have begun', () => {
    expect([10_000, 10_001, 11_000, 5_000].map((nowMs) => ageS(entry, nowMs))).toEqual([
      0, 1, 1, 0,
    ]);
  });
});

it('I6: what a hit costs and what it saves add up to what the call would have cost', () => {
  const of = (cost: bigint, percent: number) => Object.values(hitCost(cost, percent));
  expect([of(1_001n, 0), of(1_001n, 50), of(1_001n, 100), of(0n, 30)]).toEqual([
    [0n, 1_001n],
    [501n, 500n],
    [1_001n, 0n],
    [0n, 0n],
  ]);
});

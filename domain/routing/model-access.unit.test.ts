import { describe, expect, it } from 'vitest';
import { ANY_MODEL, ModelAccess, type ModelLists, type ModelScope } from './model-access.ts';

const access = (lists: Partial<Record<ModelScope, Partial<ModelLists>>>) =>
  new ModelAccess(
    (['key', 'team', 'customer'] as const).flatMap((scope) => {
      const given = lists[scope];
      return given === undefined ? [] : [[scope, { ...ANY_MODEL, ...given }] as const];
    }),
  );
const allow = (...allowed_models: string[]) => ({ allowed_models });
const deny = (...denied_models: string[]) => ({ denied_models });

describe('the models of a key', () => {
  it('are all of them where no list says otherwise', () => {
    expect(access({}).refusal('m', 'm')).toBe(null);
    expect(access({ key: deny() }).refusal('m', 'm')).toBe(null);
  });

  // litellm#40957: an alias was looked up instead of what it leads to.
  it('a denial of either name binds, so that no alias is a way around', () => {
    const denied = access({ key: deny('gpt-4o') });
    const by = { scope: 'key', reason: 'denied', pattern: 'gpt-4o' };
    expect(denied.refusal('fast', 'gpt-4o')).toEqual(by);
    expect(denied.refusal('gpt-4o', 'our-deployment-7')).toEqual(by);
    expect(denied.refusal('fast', 'gpt-4o-mini')).toBe(null);
  });

  it('a route is no way around a denial of the alias that it leads to', () => {
    const by = { scope: 'key', reason: 'denied', pattern: 'fast' };
    expect(access({ key: deny('fast') }).refusal('smart', 'gpt-4o-mini', true, 'fast')).toEqual(by);
    // Who allows the route by its name need not know its aliases.
    expect(access({ key: allow('smart') }).refusal('smart', 'm', false, 'fast')).toBe(null);
  });

  it('a denial wins over every allow list, whichever level has it', () => {
    for (const scope of ['key', 'team', 'customer'] as const) {
      const lists = { key: allow('*'), team: allow('m'), customer: allow('m') };
      const denied = access({ ...lists, [scope]: { ...lists[scope], ...deny('m*') } });
      expect(denied.refusal('m', 'm')).toEqual({ scope, reason: 'denied', pattern: 'm*' });
    }
  });

  it('every level that has an allow list must allow', () => {
    const both = access({ key: allow('gpt-*', 'claude-*'), customer: allow('gpt-*') });
    expect(both.refusal('gpt-4o', 'gpt-4o')).toBe(null);
    const notListed = { reason: 'not_listed', pattern: null };
    expect(both.refusal('claude-5', 'claude-5')).toEqual({ scope: 'customer', ...notListed });
    expect(both.refusal('o9', 'o9')).toEqual({ scope: 'key', ...notListed });
  });

  // claude-code-hub#1002: each alias of an allowed model had to be listed as well.
  it('an allow list may name the alias or what it leads to', () => {
    expect(access({ key: allow('fast') }).refusal('fast', 'gpt-4o')).toBe(null);
    expect(access({ key: allow('gpt-4o') }).refusal('fast', 'gpt-4o')).toBe(null);
    expect(access({ key: allow('sonnet') }).refusal('fast', 'haiku')).not.toBe(null);
  });

  // litellm#39998, litellm#38572: a caller whose first model failed was answered by any other.
  it('a fallback must be allowed itself, whatever name the client sent', () => {
    const one = access({ key: allow('fast') });
    expect(one.refusal('fast', 'gpt-4o', true)).toMatchObject({ reason: 'not_listed' });
    expect(access({ key: allow('fast', 'gpt-4o') }).refusal('fast', 'gpt-4o', true)).toBe(null);
    expect(access({ key: deny('gpt-4o') }).refusal('fast', 'gpt-4o', true)).not.toBe(null);
  });

  // bifrost#4395, claude-code-hub#1002: another case was another model.
  it('case makes no difference', () => {
    expect(access({ key: deny('gpt-4o') }).refusal('GPT-4O', 'GPT-4O')).not.toBe(null);
    expect(access({ key: allow('GPT-4*') }).refusal('gpt-4o', 'gpt-4o')).toBe(null);
  });

  // litellm#33030: `bedrock/*` let `bedrockz/…` through, because prefixes were guessed.
  it('a prefix is a part of a name: none is added, and none is taken away', () => {
    const one = access({ key: allow('bedrock/*') });
    expect(one.refusal('bedrockz/nova', 'bedrockz/nova')).not.toBe(null);
    expect(one.refusal('nova', 'nova')).not.toBe(null);
    expect(one.refusal('bedrock/nova', 'bedrock/nova')).toBe(null);
    const denied = access({ key: deny('*gpt-4o*') });
    expect(denied.refusal('openai/gpt-4o:free', 'openai/gpt-4o:free')).not.toBe(null);
  });
});

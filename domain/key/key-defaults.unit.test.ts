import { describe, expect, it } from 'vitest';
import {
  type AskedOfKey,
  type KeyDefaults,
  keyDefaultsOf,
  scopeOfKey,
  termsOfKey,
} from './key-defaults.ts';

const AT = Date.UTC(2026, 5, 1);
const budget = (limit: string) => ({
  ...{ unit: 'usd', window: 'day', limit, enforcement: 'hard', basis: 'cost' },
  time_zone: null,
});
const installation = {
  ...{ on_disconnect: 'abort', expires_in_seconds: 60, denied_models: ['o9'] },
  end_user_required: true,
  ...{ tags: { team: 'none', tier: 'free' }, budgets: [budget('1')] },
} as KeyDefaults;

describe('the defaults of a new key', () => {
  it('are of the customer, member by member, else of the installation', () => {
    const customer = { tags: { tier: 'gold' }, expires_in_seconds: null, budgets: [] };
    expect(keyDefaultsOf(installation, customer)).toEqual({
      ...{ on_disconnect: 'abort', expires_in_seconds: null, denied_models: ['o9'] },
      end_user_required: true,
      ...{ tags: { team: 'none', tier: 'gold' }, budgets: [] },
    });
    expect(keyDefaultsOf(null, null)).toEqual({});
    expect(keyDefaultsOf(installation, null)).toEqual(installation);
  });

  it('fill in what a request does not say', () => {
    expect(termsOfKey({}, installation, AT)).toEqual({
      ...{ on_disconnect: 'abort', denied_models: ['o9'], tags: installation.tags },
      ...{ expires_at: '2026-06-01T00:01:00.000Z', end_user_required: true },
    });
  });

  it('replace nothing that a request says, also that there is none of it', () => {
    const asked: AskedOfKey = {
      ...{ expires_at: null, denied_models: [], allowed_models: null, tags: { tier: 'own' } },
      ...{ on_disconnect: 'drain', end_user_required: false },
    };
    expect(termsOfKey(asked, installation, AT)).toEqual({
      ...asked,
      tags: { team: 'none', tier: 'own' },
    });
  });

  it('without any, a key is what it was before there were defaults', () => {
    const plain = { on_disconnect: 'drain', expires_at: null, tags: {} };
    expect(termsOfKey({}, {}, AT)).toEqual(plain);
  });
});

it('a default rate limit is one of the new key', () => {
  const scopes = [
    { type: 'key' },
    { type: 'end_user' },
    { type: 'key_model', model: 'm*' },
  ] as const;
  expect(scopes.map((scope) => scopeOfKey(scope, 'k'))).toEqual([
    { type: 'key', id: 'k' },
    { type: 'end_user', of: 'key', id: 'k' },
    { type: 'key_model', id: 'k', model: 'm*' },
  ]);
});

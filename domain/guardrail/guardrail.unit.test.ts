import { describe, expect, it } from 'vitest';
import { appliesTo, cappedBytes, cappedTokens, type Guardrail, missingOf } from './guardrail.ts';

const NOTHING: Guardrail = {
  name: 'g',
  scope: { customers: null, teams: null, keys: null, environments: null, tags: {} },
  require: { headers: [], metadata: [], tags: [], endUser: false },
  caps: { requestBytes: null, outputTokens: null },
  deny: [],
  redact: [],
  webhook: null,
};
const key = {
  customerId: 'cus_1',
  teamId: null,
  keyId: 'key_1',
  environment: 'live',
  tags: { policy: 'strict' },
};

describe('which calls a guardrail is about', () => {
  const about = (scope: Partial<Guardrail['scope']>) =>
    appliesTo({ ...NOTHING, scope: { ...NOTHING.scope, ...scope } }, key);

  it('all that is stated must hold; nothing stated is every call', () => {
    expect(about({})).toBe(true);
    expect(about({ customers: ['cus_1'], keys: ['key_2', 'key_1'] })).toBe(true);
    expect(about({ customers: ['cus_1'], keys: ['key_2'] })).toBe(false);
    expect(about({ environments: ['test'] })).toBe(false);
    // A key without a team is in no list of teams.
    expect(about({ teams: ['team_1'] })).toBe(false);
  });

  it('a key opts in by a tag of its own, not by what every object has', () => {
    expect(about({ tags: { policy: 'strict' } })).toBe(true);
    expect(about({ tags: { policy: 'loose' } })).toBe(false);
    expect(about({ tags: { constructor: '' } })).toBe(false);
  });
});

describe('what a call has to state', () => {
  const missing = (require: Partial<Guardrail['require']>, metadata: unknown = {}) =>
    missingOf({ ...NOTHING, require: { ...NOTHING.require, ...require } }, key, {
      headers: { 'x-project': 'blue', 'x-blank': '  ' },
      metadata: () => metadata as Record<string, unknown>,
      endUser: null,
      outputTokensMax: null,
    })?.what ?? null;

  it('headers, tags of the key, members of its metadata, its end user: with a text, not a name alone', () => {
    expect(missing({ headers: ['x-project'], tags: ['policy'] })).toBeNull();
    expect(missing({ headers: ['x-blank'] })).toBe('the header `x-blank`');
    expect(missing({ tags: ['toString'] })).toBe('a key with the tag `toString`');
    expect(missing({ endUser: true })).toBe('the end user of the call');
    const inMetadata = "`job` in the request's metadata";
    expect(missing({ metadata: ['job'] })).toBe(inMetadata);
    expect(missing({ metadata: ['job'] }, { job: 7 })).toBe(inMetadata);
    expect(missing({ metadata: ['job'] }, { job: 'x' })).toBeNull();
  });
});

describe('caps', () => {
  const capped = (requestBytes: number | null, outputTokens: number | null) => ({
    ...NOTHING,
    caps: { requestBytes, outputTokens },
  });

  it('the smallest cap that is exceeded is the one that is told', () => {
    const all = [capped(100, null), capped(10, null), capped(null, 5)];
    expect([10, 11, 101].map((bytes) => cappedBytes(all, bytes))).toEqual([null, 10, 10]);
    expect([0, 5, 6].map((tokens) => cappedTokens(all, tokens))).toEqual([null, null, 5]);
  });

  it('a call that states no output limit is above every cap, and below none that is not there', () => {
    expect(cappedTokens([capped(null, 5)], null)).toBe(5);
    expect(cappedTokens([capped(1, null)], null)).toBeNull();
  });
});

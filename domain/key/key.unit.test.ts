import { describe, expect, it } from 'vitest';
import {
  decideArchiveKey,
  decideResumeKey,
  decideRevokeKey,
  decideRotateKey,
  decideSuspendKey,
  decideUpdateKey,
  evolveKey,
  type KeyState,
  keyStatus,
} from './key.ts';
import { type KeyEvent, keyStreams } from './key-events.ts';

const [T1, T2, T3] = [1, 2, 3].map((day) => `2026-06-0${day}T00:00:00.000Z`) as [
  string,
  string,
  string,
];
const at = (text: string) => Date.parse(text);

const facts = {
  key_id: 'key_1',
  customer_id: 'cus_1',
  team_id: null,
  name: 'k',
  environment: 'live',
  tags: {},
  last_four: 'aaaa',
  on_disconnect: 'drain',
  expires_at: null,
} as const;
const issued: KeyEvent = { type: 'KeyIssued', data: { ...facts, hash: 'h1', pepper_version: 1 } };
const rotated = (hash: string, previous_valid_until: string): KeyEvent => ({
  type: 'KeyRotated',
  data: { key_id: 'key_1', hash, pepper_version: 2, last_four: hash, previous_valid_until },
});
const suspended: KeyEvent = { type: 'KeySuspended', data: { key_id: 'key_1', reason: 'odd' } };
const resumed: KeyEvent = { type: 'KeyResumed', data: { key_id: 'key_1' } };
const archived: KeyEvent = { type: 'KeyArchived', data: { key_id: 'key_1' } };
const untouched = {
  ...{ revoked: false, revoke_reason: null, suspended: false, suspend_reason: null },
  archived: false,
  ...{ allowed_models: null, denied_models: [] },
  ...{
    default_budget_ids: [],
    default_rate_limit_ids: [],
    end_user_required: false,
    payload_log: false,
  },
};
const revoked: KeyEvent = { type: 'KeyRevoked', data: { key_id: 'key_1', reason: 'leaked' } };

function given(...events: KeyEvent[]): KeyState {
  const state = events.reduce<KeyState | undefined>(evolveKey, undefined);
  if (state === undefined) throw new Error('no events');
  return state;
}
const expiring = given({ ...issued, data: { ...issued.data, expires_at: T2 } } as KeyEvent);

describe('the life of a virtual key', () => {
  it('begins with one secret that has no end', () => {
    expect(given(issued)).toEqual({
      ...facts,
      digests: [{ hash: 'h1', pepper_version: 1, valid_until: null }],
      ...untouched,
    });
  });

  it('a rotation adds a secret, and ends the earlier one when the overlap is over', () => {
    expect(given(issued, rotated('h2', T2))).toEqual({
      ...facts,
      last_four: 'h2',
      digests: [
        { hash: 'h1', pepper_version: 1, valid_until: T2 },
        { hash: 'h2', pepper_version: 2, valid_until: null },
      ],
      ...untouched,
    });
  });

  it.each([
    ['ends every earlier secret at once without overlap', T3, T1, [T1, T1, null]],
    ['never lengthens the life of an earlier secret', T1, T3, [T1, T3, null]],
    ['may end two at the same time', T2, T2, [T2, T2, null]],
  ])('a second rotation %s', (_, first, second, ends) => {
    const state = given(issued, rotated('h2', first), rotated('h3', second));
    expect(state.digests.map(({ valid_until }) => valid_until)).toEqual(ends);
  });

  it('ends with its revocation, and keeps the reason and all else', () => {
    expect(given(issued, revoked)).toEqual({
      ...given(issued),
      revoked: true,
      revoke_reason: 'leaked',
    });
  });

  it('changes in what an update names, and in nothing else', () => {
    const change = { key_id: 'key_1', tags: { team: 'a' }, expires_at: T2 };
    const state = given(issued, { type: 'KeyUpdated', data: change });
    expect(state).toEqual({ ...given(issued), ...change });
    const forever = evolveKey(state, {
      type: 'KeyUpdated',
      data: { key_id: 'key_1', expires_at: null },
    });
    expect(forever).toEqual({ ...state, expires_at: null });
  });

  it('is the same after a pause, and keeps all that it was in the archive', () => {
    const paused = given(issued, suspended);
    expect(paused).toEqual({ ...given(issued), suspended: true, suspend_reason: 'odd' });
    expect(evolveKey(paused, resumed)).toEqual(given(issued));
    expect(given(issued, archived)).toEqual({ ...given(issued), archived: true });
  });

  it('cannot begin with anything but the issue', () => {
    expect(() => given(rotated('h2', T2))).toThrow('KeyRotated before KeyIssued');
    expect(() => given(revoked)).toThrow('KeyRevoked before KeyIssued');
  });
});

it('a key is active until the instant at which it expires, unless it is revoked', () => {
  expect([
    keyStatus(given(issued), at(T3)),
    keyStatus(expiring, at(T2) - 1),
    keyStatus(expiring, at(T2)),
    keyStatus(given(issued, revoked), at(T1)),
    keyStatus(evolveKey(expiring, revoked), at(T3)),
  ]).toEqual(['active', 'active', 'expired', 'revoked', 'revoked']);
});

it('of several states of a key, what an operator decided for longest is its status', () => {
  expect([
    keyStatus(evolveKey(expiring, suspended), at(T3)),
    keyStatus(given(issued, suspended, revoked), at(T1)),
    keyStatus(given(issued, suspended, revoked, archived), at(T1)),
    keyStatus(given(issued, suspended, resumed), at(T1)),
  ]).toEqual(['suspended', 'revoked', 'archived', 'active']);
});

describe('a command on a key', () => {
  const rotation = { hash: 'h2', pepper_version: 2, last_four: 'h2', previous_valid_until: T2 };

  it('rotates an active key, and no other', () => {
    expect(decideRotateKey(given(issued), rotation, at(T1))).toEqual(rotated('h2', T2));
    expect([
      decideRotateKey(undefined, rotation, at(T1)),
      decideRotateKey(given(issued, revoked), rotation, at(T1)),
      decideRotateKey(expiring, rotation, at(T2)),
      decideRotateKey(evolveKey(expiring, suspended), rotation, at(T2)),
      decideRotateKey(given(issued, archived), rotation, at(T1)),
    ]).toEqual([
      { refused: 'key_not_found' },
      { refused: 'key_revoked' },
      { refused: 'key_expired' },
      { refused: 'key_expired' },
      { refused: 'key_archived' },
    ]);
  });

  it('rotates a suspended key, which stays suspended', () => {
    expect(decideRotateKey(given(issued, suspended), rotation, at(T1))).toEqual(rotated('h2', T2));
    expect(given(issued, suspended, rotated('h2', T2)).suspended).toBe(true);
  });

  it('updates a key that is not at its end, an expired or a suspended one too', () => {
    const change = { expires_at: T3 };
    const updated = { type: 'KeyUpdated', data: { key_id: 'key_1', expires_at: T3 } };
    expect([
      decideUpdateKey(expiring, change),
      decideUpdateKey(given(issued, suspended), change),
      decideUpdateKey(given(issued, revoked), change),
      decideUpdateKey(given(issued, archived), change),
      decideUpdateKey(undefined, change),
    ]).toEqual([
      updated,
      updated,
      { refused: 'key_revoked' },
      { refused: 'key_archived' },
      { refused: 'key_not_found' },
    ]);
  });

  it('suspends a key once, and resumes only what is suspended', () => {
    const states = [
      given(issued),
      given(issued, suspended),
      given(issued, revoked),
      given(issued, archived),
      undefined,
    ];
    const ends = ['key_revoked', 'key_archived', 'key_not_found'].map((refused) => ({ refused }));
    expect(states.map((state) => decideSuspendKey(state, 'odd'))).toEqual([
      suspended,
      null,
      ...ends,
    ]);
    expect(states.map((state) => decideResumeKey(state))).toEqual([null, resumed, ...ends]);
  });

  it('archives a key once, a revoked one too', () => {
    expect([
      decideArchiveKey(given(issued)),
      decideArchiveKey(given(issued, revoked)),
      decideArchiveKey(given(issued, archived)),
      decideArchiveKey(undefined),
    ]).toEqual([archived, archived, { refused: 'key_archived' }, { refused: 'key_not_found' }]);
  });

  it('revokes a key once, an expired one too', () => {
    expect([
      decideRevokeKey(given(issued), 'leaked'),
      decideRevokeKey(expiring, 'leaked'),
      decideRevokeKey(given(issued, revoked), 'again'),
      decideRevokeKey(given(issued, archived), 'leaked'),
      decideRevokeKey(undefined, 'leaked'),
    ]).toEqual([revoked, revoked, null, null, { refused: 'key_not_found' }]);
  });
});

it('the stream of a key has this name in every ledger (ADR 0001)', () => {
  expect(keyStreams.of('key_1')).toBe('key-key_1');
});

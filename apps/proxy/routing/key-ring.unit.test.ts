/** Whose turn it is of a provider's keys: by weight, and past those that the provider refuses. */
import { describe, expect, it } from 'vitest';
import { KeyRing } from './key-ring.ts';

const limits = { breakerFailures: 5, coolDownMs: 1_000, coolDownMsMax: 8_000 };
const key = (name: string, weight = 1) => ({ name, weight });
const ANSWERED = { status: 200, isAboutRequest: false, retryAfterMs: null };

function taken(ring: KeyRing, times: number, nowMs = 0): string {
  const names = Array.from({ length: times }, () => {
    const use = ring.take(nowMs);
    use.ended(ANSWERED, nowMs);
    return use.name;
  });
  return names.join('');
}

describe('calls of a provider with several keys', () => {
  it('use them in turn by their weights, spread evenly', () => {
    expect(taken(new KeyRing([key('a', 5), key('b'), key('c')], limits), 14)).toBe(
      'aabacaa'.repeat(2),
    );
    expect(taken(new KeyRing([key('a'), key('b')], limits), 6)).toBe('ababab');
  });

  it.each([
    ['go around one that is refused', 401, false, 'bbbb'],
    ['go around one that has no money left', 402, false, 'bbbb'],
    ['go around one that may not use the model', 403, false, 'bbbb'],
    ['go around one that is over its limit', 429, false, 'bbbb'],
    ['do not go around one that carried a text that is not allowed', 403, true, 'baba'],
    ['do not go around one that carried a wrong request', 400, false, 'baba'],
    ['do not go around one that met a failing server', 503, false, 'baba'],
    ['do not go around one that met nobody', null, false, 'baba'],
  ])('%s', (_, status, isAboutRequest, after) => {
    const ring = new KeyRing([key('a'), key('b')], limits);
    ring.take(0).ended({ status, isAboutRequest, retryAfterMs: null }, 0);
    expect(taken(ring, 4)).toBe(after);
  });

  // new-api#3536: a key whose quota had come back was never used again.
  it('come back to one that was left alone when its provider says, one call at first', () => {
    const ring = new KeyRing([key('a'), key('b')], limits);
    ring.take(0).ended({ ...ANSWERED, status: 429, retryAfterMs: 5_000 }, 0);
    expect(taken(ring, 3, 4_999)).toBe('bbb');
    const uses = [1, 2, 3].map(() => ring.take(5_000));
    expect(uses.filter(({ name }) => name === 'a')).toHaveLength(1);
    for (const use of uses) use.ended(ANSWERED, 5_100);
    expect([...new Set(taken(ring, 4, 5_100))].sort()).toEqual(['a', 'b']);
  });

  it('are sent all the same when all are refused: the provider says no, and not this gateway', () => {
    const ring = new KeyRing([key('a'), key('b')], limits);
    ring.take(0).ended({ ...ANSWERED, status: 429, retryAfterMs: 3_000 }, 0);
    const last = ring.take(0);
    last.ended({ ...ANSWERED, status: 429 }, 0);
    expect([last.name, last.hasOther(0)]).toEqual(['b', false]);
    expect(ring.take(1).name).toBe('b');
  });
});

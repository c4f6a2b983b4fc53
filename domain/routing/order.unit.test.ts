import { describe, expect, it } from 'vitest';
import { order, type Ranked } from './order.ts';
import type { Strategy } from './route.ts';

const candidate = (name: string, more: Partial<Ranked> = {}): Ranked => ({
  ...{ name, weight: 1, worstCase: 1n, load: 0 },
  ...more,
});
/** Mulberry32: the same draws in every run. */
function draws(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
const names = (
  strategy: Strategy,
  candidates: readonly Ranked[],
  random = draws(),
  sticky: string | null = null,
) => order(strategy, candidates, { random, sticky }).map(({ name }) => name);

/** How often each candidate comes first. */
function firsts(runs: number, run: (index: number) => readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < runs; index++) {
    const first = run(index)[0] as string;
    counts[first] = (counts[first] ?? 0) + 1;
  }
  return counts;
}

describe('the order of candidates', () => {
  it('fixed: as listed', () => {
    expect(names('fixed', [candidate('b'), candidate('a')])).toEqual(['b', 'a']);
  });

  it('cheapest: by what the request costs at most; what nobody knows the price of comes last', () => {
    const listed = [
      candidate('unknown', { worstCase: null }),
      ...[candidate('costly', { worstCase: 9n }), candidate('one', { worstCase: 2n })],
      ...[candidate('free', { worstCase: 0n }), candidate('other', { worstCase: 2n })],
    ];
    expect(names('cheapest', listed)).toEqual(['free', 'one', 'other', 'costly', 'unknown']);
  });

  it('weighted: first as often as its weight says, and never if it has none', () => {
    const listed = [candidate('a', { weight: 3 }), candidate('b'), candidate('c', { weight: 0 })];
    const random = draws();
    const counts = firsts(10_000, () => names('weighted', listed, random));
    expect(counts['a']).toBeGreaterThan(7_300);
    expect(counts['a']).toBeLessThan(7_700);
    expect(counts['c']).toBe(undefined);
    expect(names('weighted', listed, random).at(-1)).toBe('c');
  });

  it('split: an end user goes the same way every time, and shares are as the weights say', () => {
    const listed = [candidate('a'), candidate('b', { weight: 4 })];
    const of = (user: number, given = listed) => names('split', given, draws(user), `user ${user}`);
    const counts = firsts(10_000, of);
    expect(counts['b']).toBeGreaterThan(7_800);
    expect(counts['b']).toBeLessThan(8_200);
    for (let user = 0; user < 100; user++) {
      expect(of(user, listed.toReversed())).toEqual(of(user));
    }
  });

  it('split: a changed weight moves only the end users whom it must', () => {
    const half = [candidate('a'), candidate('b')];
    const more = [candidate('a', { weight: 3 }), candidate('b')];
    const of = (user: number, listed: Ranked[]) => names('split', listed, draws(), `u${user}`)[0];
    const users = Array.from({ length: 2_000 }, (_, index) => index);
    expect(users.filter((user) => of(user, half) === 'a' && of(user, more) !== 'a')).toEqual([]);
  });

  it('split: who names no end user is drawn for each call', () => {
    const random = draws();
    const listed = [candidate('a'), candidate('b')];
    expect(Object.keys(firsts(50, () => names('split', listed, random)))).toHaveLength(2);
  });

  it('fastest: never the slowest, and not always the fastest', () => {
    const listed = [
      candidate('slow', { load: 900 }),
      candidate('a', { load: 100 }),
      candidate('b'),
    ];
    const random = draws();
    const counts = firsts(3_000, () => names('fastest', listed, random));
    expect(Object.keys(counts).toSorted()).toEqual(['a', 'b']);
    expect(counts['a']).toBeGreaterThan(800);
  });
});

import { describe, expect, it } from 'vitest';
import { noQuantities } from '../usage/quantities.ts';
import { compilePrice, highestUpTo, isFree, priceAt } from './compile.ts';
import { costOf, worstCaseCost } from './cost.ts';
import type { ModelPrice, PricedUnit, TieredPrice } from './price.ts';

const flat = (pico: number): TieredPrice => [
  { from_input_tokens: 0, pico_usd_per_million: String(pico) },
];
const tiered = (...tiers: [number, number][]): TieredPrice =>
  tiers.map(([from, pico]) => ({ from_input_tokens: from, pico_usd_per_million: String(pico) }));

describe('a compiled price', () => {
  it('takes a missing unit from the unit that it is a kind of', () => {
    const price = compilePrice({ input: flat(3), output: flat(5) });
    const of = (pico: bigint) => ({ from: [0], picoPerMillion: [pico] });
    expect(price).toEqual({
      input: of(3n),
      output: of(5n),
      cache_read: of(3n),
      cache_write: of(3n),
      reasoning: of(5n),
      audio_input: of(3n),
      audio_output: of(5n),
      request: of(0n),
    });
  });

  it('costs nothing for input that has no price at all, from the first token on', () => {
    const free = compilePrice({});
    expect(costOf(free, { ...noQuantities(), inputTokens: 9, requests: 1 })).toBe(0n);
    expect(highestUpTo(free.input, 0)).toBe(0n);
  });

  it('I8: is unknown for output without a price, unless a request alone has one', () => {
    const costs = (price: Parameters<typeof compilePrice>[0]) =>
      (['outputTokens', 'reasoningTokens', 'audioOutputTokens'] as const).map((part) =>
        costOf(compilePrice(price), { ...noQuantities(), [part]: 1_000_000, requests: 1 }),
      );
    const [one, none] = [tiered([0, 1]), tiered([0, 0])];
    expect([
      costs({ input: one }),
      costs({ input: one, reasoning: one }),
      costs({ input: one, output: none }),
      costs({ request: none }),
      costs({ input: none, request: none }),
    ]).toEqual([
      [null, null, null],
      [null, 1n, null],
      [0n, 0n, 0n],
      [0n, 0n, 0n],
      [null, null, null],
    ]);
  });

  it('sorts its tiers, and refuses tiers that leave the first token without a price (I8)', () => {
    const { input } = compilePrice({ input: tiered([200, 7], [0, 3], [100, 5]) });
    expect(input).toEqual({ from: [0, 100, 200], picoPerMillion: [3n, 5n, 7n] });
    for (const tiers of [tiered([1, 3]), []]) {
      expect(() => compilePrice({ input: tiers })).toThrow('the first tier starts at 0');
    }
  });
});

describe('a tier', () => {
  const { input } = compilePrice({ input: tiered([0, 3], [100, 9], [200, 5]) });

  it('begins at exactly its first token', () => {
    expect([0, 99, 100, 199, 200, 10_000].map((total) => priceAt(input, total))).toEqual([
      3n,
      3n,
      9n,
      9n,
      5n,
      5n,
    ]);
  });

  it('counts for the worst case once a call can reach it, not before (I3)', () => {
    const worst = [0, 99, 100, 200, 10_000].map((most) => highestUpTo(input, most));
    expect(worst).toEqual([3n, 3n, 9n, 9n, 9n]);
  });
});

const UNITS = ['input', 'output', 'cache_read', 'reasoning', 'audio_output', 'request'] as const;

it.each(UNITS)('a model is not free if only its %s costs, in only one tier', (unit) => {
  const nothing = Object.fromEntries(
    UNITS.map((one: PricedUnit) => [one, flat(0)] as const),
  ) as ModelPrice;
  expect(isFree(compilePrice(nothing))).toBe(true);
  expect(isFree(compilePrice({ ...nothing, [unit]: tiered([0, 0], [9, 1]) }))).toBe(false);
});

it('the worst case is that of the most expensive kind of input and of output (I3)', () => {
  const bound = { inputTokensMax: 1_000_000, outputTokensMax: 1_000_000, requestsMax: 1_000_000 };
  const kinds: [PricedUnit, bigint][] = [
    ['cache_read', 7n],
    ['cache_write', 7n],
    ['audio_input', 7n],
    ['reasoning', 7n],
    ['audio_output', 7n],
  ];
  for (const [kind, most] of kinds) {
    const price = { input: flat(1), output: flat(1), [kind]: flat(Number(most)) };
    expect([kind, worstCaseCost(compilePrice(price), bound)]).toEqual([kind, most + 1n]);
  }
  const request = compilePrice({ request: flat(4) });
  expect(worstCaseCost(request, bound)).toBe(4n);
});

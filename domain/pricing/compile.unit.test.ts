import { describe, expect, it } from 'vitest';
import { noQuantities } from '../usage/quantities.ts';
import { compilePrice, highestUpTo, isFree, isPriced, priceAt } from './compile.ts';
import { costOf, worstCaseCost } from './cost.ts';
import { type ModelPrice, type PricedUnit, pricedUnitNames, type TieredPrice } from './price.ts';

const flat = (pico: number): TieredPrice => [
  { from_input_tokens: 0, pico_usd_per_million: String(pico) },
];
const tiered = (...tiers: [number, number][]): TieredPrice =>
  tiers.map(([from, pico]) => ({ from_input_tokens: from, pico_usd_per_million: String(pico) }));

describe('a compiled price', () => {
  it('takes a missing unit from the unit that it is a kind of', () => {
    const price = compilePrice({ input: flat(3), output: flat(5) });
    const found = pricedUnitNames.map((unit) => [
      unit,
      isPriced(price, unit) ? price[unit].picoPerMillion[0] : null,
    ]);
    expect(Object.fromEntries(found)).toEqual({
      ...{ input: 3n, cache_read: 3n, cache_write: 3n, audio_input: 3n, image_input: 3n },
      ...{ output: 5n, reasoning: 5n, audio_output: 5n, image_output: 5n, request: 0n },
      ...{ cache_write_1h: null, image: null, search: null, audio_second: null, character: null },
    });
  });

  it('I8: of a model that is billed by a measure says nothing of tokens', () => {
    const price = compilePrice({ audio_second: flat(9) });
    const of = (used: object) => costOf(price, { ...noQuantities(), ...used });
    expect([
      of({ audioSeconds: 1_000_000 }),
      of({ inputTokens: 1 }),
      of({ outputTokens: 1 }),
    ]).toEqual([9n, null, null]);
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

describe('I8: is unknown without a price, and exact with one', () => {
  // earendil-works/pi#5738: writes for an hour were billed at the rate of those for five minutes.
  it.each([
    ['writes for an hour', 'cacheWrite1hTokens', 'cache_write_1h'],
    ['pictures by the piece', 'images', 'image'],
    ['searches', 'searches', 'search'],
    ['seconds of audio', 'audioSeconds', 'audio_second'],
    ['characters', 'characters', 'character'],
  ] as const)('%s', (_, field, unit) => {
    const used = { ...noQuantities(), inputTokens: 1_000_000, [field]: 2_000_000, requests: 1 };
    const base: ModelPrice = { input: flat(3), output: flat(5), cache_write: flat(4) };
    expect(costOf(compilePrice(base), used)).toBeNull();
    expect(costOf(compilePrice({ ...base, [unit]: flat(7) }), used)).toBe(17n);
  });
});

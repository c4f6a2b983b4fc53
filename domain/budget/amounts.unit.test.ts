import { describe, expect, it } from 'vitest';
import { PICO_PER_UNIT } from '../money/money.ts';
import { compilePrice } from '../pricing/compile.ts';
import { type KnownQuantities, noQuantities, quantities } from '../usage/quantities.ts';
import { noAccount } from './account.ts';
import { chargeHold, leftOf, resolvedDeltas, takenOf, worstCase } from './amounts.ts';
import { type HoldUnit, parseHoldUnit } from './hold-unit.ts';

const UNITS = ['usd', 'usd+250000ppm', 'tokens', 'tokens.input', 'tokens.output', 'requests'];
const [USD, TOKENS] = ['usd', 'tokens'].map(parseHoldUnit) as [HoldUnit, HoldUnit];
const tier = (pico: string) => [{ from_input_tokens: 0, pico_usd_per_million: pico }];
/** 3 pico-dollars an input token, 5 an output token, 7 a request. */
const PRICE = compilePrice({
  input: tier('3000000'),
  output: tier('5000000'),
  request: tier('7000000'),
});

function inEachUnit<T>(make: (unit: HoldUnit) => T): Record<string, T> {
  return Object.fromEntries(UNITS.map((unit) => [unit, make(parseHoldUnit(unit))]));
}

describe('I3: the worst case of an attempt', () => {
  const bound = { inputTokensMax: 100, outputTokensMax: 10, requestsMax: 1 };

  it('counts in and out, by the unit of the budget', () => {
    expect(inEachUnit((unit) => worstCase(unit, bound, PRICE))).toEqual({
      usd: 300n + 50n + 7n,
      // A quarter more than 357 is 446.25: rounded up.
      'usd+250000ppm': 447n,
      tokens: 110n * PICO_PER_UNIT,
      'tokens.input': 100n * PICO_PER_UNIT,
      'tokens.output': 10n * PICO_PER_UNIT,
      requests: PICO_PER_UNIT,
    });
  });

  it('is not known in money without a price; other units need none', () => {
    expect(inEachUnit((unit) => worstCase(unit, bound, null))).toEqual({
      usd: null,
      'usd+250000ppm': null,
      tokens: 110n * PICO_PER_UNIT,
      'tokens.input': 100n * PICO_PER_UNIT,
      'tokens.output': 10n * PICO_PER_UNIT,
      requests: PICO_PER_UNIT,
    });
  });

  it('is something of a price that charges anything at all, and nothing of one that does not', () => {
    const nothing = { inputTokensMax: 0, outputTokensMax: 0, requestsMax: 0 };
    const free = compilePrice({ input: tier('0'), output: tier('0') });
    expect([worstCase(USD, nothing, PRICE), worstCase(USD, bound, free)]).toEqual([1n, 0n]);
  });

  it('of an embedding is something of a budget of output, so that any charge has a lease', () => {
    const embedding = { ...bound, outputTokensMax: 0 };
    expect(worstCase(parseHoldUnit('tokens.output'), embedding, PRICE)).toBe(1n);
  });

  it('I8: is not known in money of output that has no price', () => {
    const input = compilePrice({ input: tier('1') });
    const embedding = { ...bound, outputTokensMax: 0 };
    expect([worstCase(USD, bound, input), worstCase(USD, embedding, input)]).toEqual([
      ...[null, 1n],
    ]);
  });

  it('stays exact where a number is not: 100 million choices of 100 million tokens', () => {
    const huge = { inputTokensMax: 1, outputTokensMax: 2 ** 53, requestsMax: 1 };
    expect(worstCase(TOKENS, huge, null)).toBe((2n ** 53n + 1n) * PICO_PER_UNIT);
  });
});

describe('the charge of an attempt', () => {
  const used = { ...noQuantities(), inputTokens: 3, cacheReadTokens: 9, reasoningTokens: 4 };
  const stated = { cost: 30n, quantities: { ...used, requests: 2 } };
  const inUnit: Record<string, bigint> = {
    usd: 30n,
    // 37.5, rounded up.
    'usd+250000ppm': 38n,
    tokens: 16n * PICO_PER_UNIT,
    'tokens.input': 12n * PICO_PER_UNIT,
    'tokens.output': 4n * PICO_PER_UNIT,
    requests: 2n * PICO_PER_UNIT,
  };
  const chargeIn = (unit: string) => inUnit[unit] as bigint;
  const held = (unit: string, parts: bigint[], usage: typeof stated | null = stated) =>
    chargeHold(parseHoldUnit(unit), parts, usage);

  it.each(UNITS)('of a budget in %s falls on the leases of its hold in their order', (unit) => {
    const charge = chargeIn(unit);
    const parts = [charge - 1n, 5n, 5n];
    expect(held(unit, parts)).toEqual({ charges: [charge - 1n, 1n, 0n], overrun: 0n });
  });

  it.each(UNITS)('I3: of a budget in %s is the whole hold if nobody stated the usage', (unit) => {
    expect(held(unit, [5n, 7n], null)).toEqual({ charges: [5n, 7n], overrun: 0n });
  });

  it.each(UNITS)(
    'I3: of a budget in %s is the proven most of it, and never above the hold',
    (unit) => {
      const charged = (proven: bigint) => chargeHold(parseHoldUnit(unit), [5n, 7n], null, proven);
      expect([0n, 4n, 6n, 12n, 13n].map(charged)).toEqual(
        [
          [0n, 0n],
          [4n, 0n],
          [5n, 1n],
          [5n, 7n],
          [5n, 7n],
        ].map((charges) => ({ charges, overrun: 0n })),
      );
      // What the provider states is what counts.
      const unitOf = parseHoldUnit(unit);
      expect(chargeHold(unitOf, [5n], stated, 1n)).toEqual(chargeHold(unitOf, [5n], stated));
    },
  );

  it.each(UNITS)('I3: of a budget in %s above the hold falls on its last lease', (unit) => {
    const charge = chargeIn(unit);
    expect(held(unit, [1n, 2n])).toEqual({ charges: [1n, charge - 1n], overrun: charge - 3n });
  });

  it('I3: of stated tokens without a price is the hold in money, and the tokens in tokens', () => {
    const unpriced = { ...stated, cost: null };
    expect(chargeHold(USD, [5n, 7n], unpriced).charges).toEqual([5n, 7n]);
    expect(chargeHold(TOKENS, [20n * PICO_PER_UNIT], unpriced).charges).toEqual([
      16n * PICO_PER_UNIT,
    ]);
  });

  it('of a call that held nothing is nothing to charge anybody', () => {
    expect(held('usd', [])).toEqual({ charges: [], overrun: 30n });
  });
});

it('a token budget counts tokens of every kind that it names, each once, and nothing else', () => {
  const hold = 1_000_000_000_000n * PICO_PER_UNIT;
  const everything = Object.fromEntries(quantities.map(({ field }, index) => [field, 10 ** index]));
  const stated = { cost: 0n, quantities: everything as KnownQuantities };
  const counted = (unit: string) =>
    Number((chargeHold(parseHoldUnit(unit), [hold], stated).charges[0] as bigint) / PICO_PER_UNIT);
  const units = ['tokens', 'tokens.input', 'tokens.output', 'tokens-cache_reads'];
  expect(units.map(counted)).toEqual([
    ...[111_001_111_111, 11_000_100_111, 100_001_011_000, 111_001_111_101],
  ]);
  expect(counted('tokens.input-cache_reads')).toBe(11_000_100_101);
});

it('a resolution moves each budget by what each lease was charged too much or little', () => {
  const resolved = { cost: 12n, quantities: { ...noQuantities(), outputTokens: 7, requests: 1 } };
  expect(resolvedDeltas(USD, [5n, 5n], null, resolved)).toEqual([0n, 2n]);
  expect(resolvedDeltas(USD, [5n, 5n], null, { ...resolved, cost: 3n })).toEqual([-2n, -5n]);
  expect(resolvedDeltas(TOKENS, [9n * PICO_PER_UNIT], null, resolved)).toEqual([
    -2n * PICO_PER_UNIT,
  ]);
  expect(resolvedDeltas(parseHoldUnit('requests'), [PICO_PER_UNIT], null, resolved)).toEqual([0n]);
});

it('I3: a bill for a model without a price moves no budget that its stated tokens were charged to', () => {
  const used = { ...noQuantities(), outputTokens: 7, requests: 1 };
  const [stated, resolved] = [
    { cost: null, quantities: used },
    { cost: 12n, quantities: used },
  ];
  expect(resolvedDeltas(TOKENS, [9n * PICO_PER_UNIT], stated, resolved)).toEqual([0n]);
  expect(resolvedDeltas(USD, [5n, 5n], stated, resolved)).toEqual([0n, 2n]);
});

it('what is left and what is taken add up to the limit', () => {
  const account = { ...noAccount, limit: 100n, spent: 30n, held: 25n };
  expect([leftOf(account, 10n), takenOf(account, 10n)]).toEqual([55n, 45n]);
});

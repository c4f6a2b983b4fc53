import { describe, expect, it } from 'vitest';
import { PICO_PER_UNIT } from '../money/money.ts';
import { compilePrice } from '../pricing/compile.ts';
import { type KnownQuantities, noQuantities, quantities } from '../usage/quantities.ts';
import { noAccount } from './account.ts';
import { chargeHold, leftOf, resolvedDeltas, takenOf, tokensOf, worstCase } from './amounts.ts';
import type { BudgetUnit } from './budget-events.ts';

const UNITS: readonly BudgetUnit[] = ['usd', 'tokens', 'requests'];
const tier = (pico: string) => [{ from_input_tokens: 0, pico_usd_per_million: pico }];
/** 3 pico-dollars an input token, 5 an output token, 7 a request. */
const PRICE = compilePrice({
  input: tier('3000000'),
  output: tier('5000000'),
  request: tier('7000000'),
});

function inEachUnit<T>(make: (unit: BudgetUnit) => T): Record<string, T> {
  return Object.fromEntries(UNITS.map((unit) => [unit, make(unit)]));
}

describe('I3: the worst case of an attempt', () => {
  const bound = { inputTokensMax: 100, outputTokensMax: 10, requestsMax: 1 };

  it('counts in and out, by the unit of the budget', () => {
    expect(inEachUnit((unit) => worstCase(unit, bound, PRICE))).toEqual({
      usd: 300n + 50n + 7n,
      tokens: 110n * PICO_PER_UNIT,
      requests: PICO_PER_UNIT,
    });
  });

  it('is not known in money without a price; other units need none', () => {
    expect(inEachUnit((unit) => worstCase(unit, bound, null))).toEqual({
      usd: null,
      tokens: 110n * PICO_PER_UNIT,
      requests: PICO_PER_UNIT,
    });
  });

  it('is something of a price that charges anything at all, and nothing of one that does not', () => {
    const nothing = { inputTokensMax: 0, outputTokensMax: 0, requestsMax: 0 };
    const free = compilePrice({ input: tier('0'), output: tier('0') });
    expect([worstCase('usd', nothing, PRICE), worstCase('usd', bound, free)]).toEqual([1n, 0n]);
  });

  it('I8: is not known in money of output that has no price', () => {
    const input = compilePrice({ input: tier('1') });
    const embedding = { ...bound, outputTokensMax: 0 };
    expect([worstCase('usd', bound, input), worstCase('usd', embedding, input)]).toEqual([
      ...[null, 1n],
    ]);
  });

  it('stays exact where a number is not: 100 million choices of 100 million tokens', () => {
    const huge = { inputTokensMax: 1, outputTokensMax: 2 ** 53, requestsMax: 1 };
    expect(worstCase('tokens', huge, null)).toBe((2n ** 53n + 1n) * PICO_PER_UNIT);
  });
});

describe('the charge of an attempt', () => {
  const stated = { cost: 30n, tokens: 4, requests: 2 };
  const inUnit = { usd: 30n, tokens: 4n * PICO_PER_UNIT, requests: 2n * PICO_PER_UNIT };

  it.each(UNITS)('of a budget in %s falls on the leases of its hold in their order', (unit) => {
    const charge = inUnit[unit];
    const parts = [charge - 1n, 5n, 5n];
    expect(chargeHold(unit, parts, stated)).toEqual({
      charges: [charge - 1n, 1n, 0n],
      overrun: 0n,
    });
  });

  it.each(UNITS)('I3: of a budget in %s is the whole hold if nobody stated the usage', (unit) => {
    expect(chargeHold(unit, [5n, 7n], null)).toEqual({ charges: [5n, 7n], overrun: 0n });
  });

  it.each(UNITS)(
    'I3: of a budget in %s is the proven most of it, and never above the hold',
    (unit) => {
      const charged = (proven: bigint) => chargeHold(unit, [5n, 7n], null, proven);
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
      expect(chargeHold(unit, [5n], stated, 1n)).toEqual(chargeHold(unit, [5n], stated));
    },
  );

  it.each(UNITS)('I3: of a budget in %s above the hold falls on its last lease', (unit) => {
    const charge = inUnit[unit];
    const parts = [1n, 2n];
    expect(chargeHold(unit, parts, stated)).toEqual({
      charges: [1n, charge - 1n],
      overrun: charge - 3n,
    });
  });

  it('of a call that held nothing is nothing to charge anybody', () => {
    expect(chargeHold('usd', [], stated)).toEqual({ charges: [], overrun: 30n });
  });
});

it('a token budget counts tokens of every kind, and nothing else', () => {
  const counted = quantities.map(({ field, unit }) => {
    const used: KnownQuantities = { ...noQuantities(), [field]: 3 };
    return [field, unit, tokensOf(used)];
  });
  expect(counted).toEqual(
    quantities.map(({ field, unit }) => [field, unit, unit === 'tokens' ? 3 : 0]),
  );
  const everything = Object.fromEntries(quantities.map(({ field }, index) => [field, 10 ** index]));
  expect(tokensOf(everything as KnownQuantities)).toBe(1_111_111);
});

it('a resolution moves budgets of money alone, by what each lease was charged too much or little', () => {
  expect(inEachUnit((unit) => resolvedDeltas(unit, [5n, 5n], 12n))).toEqual({
    usd: [0n, 2n],
    tokens: null,
    requests: null,
  });
  expect(resolvedDeltas('usd', [5n, 5n], 3n)).toEqual([-2n, -5n]);
});

it('what is left and what is taken add up to the limit', () => {
  const account = { ...noAccount, limit: 100n, spent: 30n, held: 25n };
  expect([leftOf(account, 10n), takenOf(account, 10n)]).toEqual([55n, 45n]);
});

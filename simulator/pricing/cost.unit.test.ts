import { describe, expect, it } from 'vitest';
import { models } from '../price-table.ts';
import { costPicoUsd, nothingUsed } from './cost.ts';
import { formatPico, parsePico } from './rational.ts';

/** The expected amounts were computed by hand from the price table in the README. */
const byHand: readonly [
  model: string,
  buckets: readonly [input: number, cached: number, output: number, reasoning: number],
  cost: string,
][] = [
  ['sim-small', [1_000, 0, 500, 0], '0.000450000000'],
  ['sim-small', [0, 1, 0, 0], '0.000000075000'],
  ['sim-large', [3, 2, 1, 0], '0.000020000000'],
  ['sim-reasoner', [100, 128, 20, 64], '0.000514800000'],
  // 200,000 input tokens, cached ones included, are still in the lower tier; one more is not.
  ['sim-tiered', [150_000, 50_000, 1_000, 0], '0.213000000000'],
  ['sim-tiered', [150_001, 50_000, 1_000, 0], '0.421252500000'],
  // 0.0001248401233: rounded down.
  ['sim-odd', [7, 3, 11, 0], '0.000124840123'],
  // 0.0001236234555: exactly half, rounded away from zero.
  ['sim-odd', [5, 0, 0, 0], '0.000123623456'],
  // 0.000124123456 exactly: rounding each bucket by itself would give ...457.
  ['sim-odd', [5, 0, 5, 0], '0.000124123456'],
  ['sim-odd', [0, 0, 0, 0], '0.000123456789'],
  ['sim-embed', [12_345, 0, 0, 0], '0.000246900000'],
  ['sim-unpriced', [1, 1, 1, 1], '0.000004000000'],
];

describe('the cost of one attempt', () => {
  it.each(byHand)('I6: %s with %j costs what was computed by hand', (id, buckets, cost) => {
    const [inputTokens, cacheReadTokens, outputTokens, reasoningTokens] = buckets;
    const model = models.get(id);
    if (model === undefined) throw new Error(`no model ${id}`);
    const usage = { ...nothingUsed, inputTokens, cacheReadTokens, outputTokens, reasoningTokens };
    expect(formatPico(costPicoUsd(model, usage))).toBe(cost);
  });

  it.each([
    // 100 × 3 + 200 × 0.30 + 1,000 × 3.75 + 2,000 × 6 + 50 × 15 millionths, and 3 searches of a cent.
    ['default', '0.046860000000'],
    ['batch', '0.038430000000'],
    ['priority', '0.059505000000'],
  ] as const)(
    'I6: writes, searches and the tier %s cost what was computed by hand',
    (tier, cost) => {
      const model = models.get('sim-claude');
      if (model === undefined) throw new Error('no model sim-claude');
      const usage = {
        ...{ inputTokens: 100, cacheReadTokens: 200, cacheWriteTokens: 1_000 },
        ...{ cacheWrite1hTokens: 2_000, outputTokens: 50, reasoningTokens: 0, searches: 3 },
      };
      expect(formatPico(costPicoUsd(model, usage, tier))).toBe(cost);
    },
  );

  it('I6: amounts survive their text form, above a dollar and below a nano-dollar', () => {
    const amounts = [0n, 1n, 999_999_999_999n, 1_000_000_000_000n, 123_456_789_012_345_678n];
    expect(amounts.map((pico) => parsePico(formatPico(pico)))).toEqual(amounts);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDecimal12, PICO_PER_UNIT } from '../money/money.ts';
import { unknownQuantities, zeroQuantities } from '../usage/quantities.ts';
import { leaseAdjustments } from './lease-adjustments.ts';

const WINDOWS = ['budget-a@20261101T000000Z', 'budget-b@20261101T000000Z'] as const;
const pico = fc.bigInt({ min: 0n, max: 10n ** 15n });
const hold = fc.record({ window: fc.constantFrom(...WINDOWS), amount: pico });

function target(holds: readonly { window: string; amount: bigint }[], cost: bigint | null) {
  return {
    ...unknownQuantities(),
    usage_source: 'estimated' as const,
    cost: cost === null ? null : formatDecimal12(cost),
    hold_lease_ids: holds.map((_, index) => `lse_${index}`),
    hold_amounts: holds.map(({ amount }) => formatDecimal12(amount)),
    hold_units: holds.map(() => 'usd'),
    budget_windows: holds.map(({ window }) => window),
  };
}

describe('lease adjustments', () => {
  it('leave every window charged exactly the resolved cost', () => {
    fc.assert(
      fc.property(
        fc.array(hold, { minLength: 1, maxLength: 8 }),
        fc.option(pico),
        pico,
        (holds, stated, billed) => {
          const cost = formatDecimal12(billed - (stated ?? 0n));
          const resolution = { ...zeroQuantities(), cost };
          const adjustments = leaseAdjustments(target(holds, stated), resolution);
          for (const window of new Set(holds.map((part) => part.window))) {
            const held = holds.filter((part) => part.window === window);
            const moved = adjustments.filter((adjustment) => adjustment.window === window);
            const charged = held.reduce((sum, { amount }) => sum + amount, 0n);
            expect(moved.reduce((sum, { delta }) => sum + delta, charged)).toBe(billed);
          }
          expect(adjustments.some(({ delta }) => delta === 0n)).toBe(false);
          expect(new Set(adjustments.map(({ leaseId }) => leaseId)).size).toBe(adjustments.length);
        },
      ),
    );
  });

  it('fill the holds in their order, each budget by its own unit', () => {
    const holds = [5n, 5n, 9n * PICO_PER_UNIT, 5n].map((amount) => ({
      window: WINDOWS[0],
      amount,
    }));
    const held = { ...target(holds, null), hold_units: ['usd', 'usd', 'tokens', 'usd'] };
    const resolution = { ...zeroQuantities(), cost: formatDecimal12(7n), output_tokens: 8 };
    expect(leaseAdjustments(held, resolution)).toEqual([
      { window: WINDOWS[0], leaseId: 'lse_1', delta: -3n },
      { window: WINDOWS[0], leaseId: 'lse_3', delta: -5n },
      { window: WINDOWS[0], leaseId: 'lse_2', delta: -PICO_PER_UNIT },
    ]);
  });
});

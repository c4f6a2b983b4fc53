import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundedEach, roundedInAll } from './shares.ts';

const DENOMINATOR = 10n ** 18n;
const abs = (n: bigint) => (n < 0n ? -n : n);
const total = (amounts: readonly bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n);

/** Around whole and half units, where rounding goes wrong, and anywhere. */
const amount = fc.oneof(
  fc.bigInt({ min: -(10n ** 21n), max: 10n ** 21n }),
  fc
    .tuple(fc.bigInt({ min: -20n, max: 20n }), fc.bigInt({ min: -2n, max: 2n }))
    .map(([halves, off]) => (halves * DENOMINATOR) / 2n + off),
);
const amounts = fc.array(amount, { maxLength: 40 });

/** |2·exact − 2·rounded| ≤ 1, and a tie is away from zero. */
function isRounded(exact: bigint, rounded: bigint): boolean {
  const twice = 2n * (exact - rounded * DENOMINATOR);
  if (abs(twice) === DENOMINATOR) return twice > 0n === exact < 0n;
  return abs(twice) < DENOMINATOR;
}

describe('I6: lines that share a total', () => {
  it('add up to the exact sum, rounded once', () => {
    fc.assert(
      fc.property(amounts, (exact) => {
        expect(isRounded(total(exact), total(roundedInAll(exact, DENOMINATOR)))).toBe(true);
      }),
    );
  });

  it('are each off by less than one unit, and exact if they are whole', () => {
    fc.assert(
      fc.property(amounts, (exact) => {
        roundedInAll(exact, DENOMINATOR).forEach((rounded, index) => {
          const off = abs((exact[index] as bigint) - rounded * DENOMINATOR);
          expect(off < DENOMINATOR).toBe(true);
        });
      }),
    );
  });

  it('never get less than a line that lost less', () => {
    fc.assert(
      fc.property(amounts, (exact) => {
        const ups = roundedInAll(exact, DENOMINATOR).map((rounded, index) => ({
          lost: (((exact[index] as bigint) % DENOMINATOR) + DENOMINATOR) % DENOMINATOR,
          isUp: rounded * DENOMINATOR > (exact[index] as bigint),
        }));
        const down = ups.filter(({ isUp }) => !isUp).map(({ lost }) => lost);
        for (const { lost, isUp } of ups) if (isUp) expect(down.every((d) => d <= lost)).toBe(true);
      }),
    );
  });

  it('of equal losses the first gets the unit', () => {
    const half = DENOMINATOR / 2n;
    expect(roundedInAll([half, half, half], DENOMINATOR)).toEqual([1n, 1n, 0n]);
    expect(roundedInAll([-half, -half, -half], DENOMINATOR)).toEqual([0n, -1n, -1n]);
  });
});

it('each for itself, amounts are within half a unit, ties away from zero', () => {
  fc.assert(
    fc.property(amounts, (exact) => {
      roundedEach(exact, DENOMINATOR).forEach((rounded, index) => {
        expect(isRounded(exact[index] as bigint, rounded)).toBe(true);
      });
    }),
  );
});

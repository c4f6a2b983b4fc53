import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDecimal12, parseDecimal, parseDecimal12 } from './money.ts';
import { divideHalfAwayFromZero, divideUp } from './rounding.ts';

const amount = fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n });
const denominator = fc.bigInt({ min: 1n, max: 10n ** 20n });

describe('I6: money is exact', () => {
  it('survives its text form', () => {
    fc.assert(
      fc.property(amount, (pico) => {
        expect(parseDecimal12(formatDecimal12(pico))).toBe(pico);
        expect(parseDecimal(formatDecimal12(pico), 12)).toBe(pico);
      }),
    );
  });

  it.each(['1', '1.0', '01.000000000000', '1.0000000000000', '+1.000000000000', '', '1e3'])(
    'refuses %s as money',
    (text) => {
      expect(() => parseDecimal12(text)).toThrow(RangeError);
    },
  );

  it('rounds half away from zero: the nearest integer, ties outwards', () => {
    fc.assert(
      fc.property(amount, denominator, (numerator, by) => {
        const rounded = divideHalfAwayFromZero(numerator, by);
        const error = rounded * by - numerator;
        const size = error < 0n ? -error : error;
        expect(2n * size <= by).toBe(true);
        if (2n * size === by) expect(rounded < 0n === numerator < 0n).toBe(true);
        if (2n * size === by && numerator > 0n) expect(error > 0n).toBe(true);
      }),
    );
  });

  it('divides up to the least integer that is not below', () => {
    fc.assert(
      fc.property(amount, denominator, (numerator, by) => {
        const up = divideUp(numerator, by);
        expect(up * by >= numerator && (up - 1n) * by < numerator).toBe(true);
      }),
    );
  });
});

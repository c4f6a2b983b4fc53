import { describe, expect, it } from 'vitest';
import { formatDecimal, formatDecimal12, PICO_PER_UNIT, parseDecimal } from './money.ts';
import { divideHalfAwayFromZero, divideUp } from './rounding.ts';

describe('I6: money as text', () => {
  it('a unit is a million million parts', () => {
    expect(formatDecimal12(PICO_PER_UNIT)).toBe('1.000000000000');
    expect([0n, -1n, 1n, 10n ** 12n - 1n].map(formatDecimal12)).toEqual([
      '0.000000000000',
      '-0.000000000001',
      '0.000000000001',
      '0.999999999999',
    ]);
  });

  it('has as many places as are asked for, and no point without any', () => {
    const texts = [0, 2, 3].map((places) => [
      formatDecimal(-7n, places),
      formatDecimal(1234n, places),
    ]);
    expect(texts).toEqual([
      ['-7', '1234'],
      ['-0.07', '12.34'],
      ['-0.007', '1.234'],
    ]);
  });

  it.each([
    ['7', 0, 7n],
    ['0.15', 2, 15n],
    ['-0.15', 3, -150n],
    ['12', 12, 12_000_000_000_000n],
    ['0.123456789012', 12, 123_456_789_012n],
  ])('reads %s with %i places', (text, places, value) => {
    expect(parseDecimal(text, places)).toBe(value);
  });

  it.each([
    ['0.1', 0],
    ['0.123', 2],
    ['', 2],
    ['.5', 2],
    ['5.', 2],
    ['1e3', 2],
    ['one', 2],
  ])('refuses %j with %i places', (text, places) => {
    const reason = `not a decimal with at most ${places} places: ${text}`;
    expect(() => parseDecimal(text, places)).toThrow(new RangeError(reason));
  });
});

describe('I6: rounding at the smallest amounts', () => {
  it('half away from zero', () => {
    const halves = [-3n, -1n, 0n, 1n, 3n].map((numerator) => divideHalfAwayFromZero(numerator, 2n));
    expect(halves).toEqual([-2n, -1n, 0n, 1n, 2n]);
  });

  it('up', () => {
    expect([-3n, -1n, 0n, 1n, 2n, 3n].map((numerator) => divideUp(numerator, 2n))).toEqual([
      -1n,
      0n,
      0n,
      1n,
      1n,
      2n,
    ]);
  });
});

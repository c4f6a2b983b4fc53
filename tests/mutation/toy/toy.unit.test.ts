import { describe, expect, it } from 'vitest';
import { isAdult, isColour, isHot, isTall, sumTo } from './toy.ts';

describe('the toy', () => {
  it('knows who is of age', () => {
    expect([17, 18, 19].map(isAdult)).toEqual([false, true, true]);
  });

  it('knows what is hot', () => {
    expect([20, 40].map(isHot)).toEqual([false, true]);
  });

  it('calls one of them never', () => {
    expect(isTall).toBeTypeOf('function');
  });

  it('adds numbers up', () => {
    expect(sumTo(4)).toBe(10);
  });

  it('knows red', () => {
    expect(['red', 'blue'].map(isColour)).toEqual([true, false]);
  });
});

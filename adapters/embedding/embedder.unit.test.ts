import { expect, it } from 'vitest';
import { unit } from './embedder.ts';

it('a vector has the length 1; one without a direction is none', () => {
  expect([...(unit(Float32Array.of(3, 4)) ?? [])].map((value) => value.toFixed(2))).toEqual([
    '0.60',
    '0.80',
  ]);
  for (const nothing of [[], [0, 0], [Number.NaN, 1], [Infinity, 1]]) {
    expect(unit(Float32Array.from(nothing))).toBeNull();
  }
});

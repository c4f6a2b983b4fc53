import fc from 'fast-check';
import { expect, it } from 'vitest';
import { timeText } from './time-text.ts';

it('writes every instant as a date does, in whatever order they come', () => {
  const instant = fc.oneof(
    fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
    fc.integer({ min: -3_000, max: 3_000 }),
    fc.integer({ min: 1_900_000_000_000, max: 1_900_000_002_000 }),
  );
  fc.assert(
    fc.property(fc.array(instant, { minLength: 1, maxLength: 20 }), (times) => {
      for (const ms of times) expect(timeText(ms)).toBe(new Date(ms).toISOString());
    }),
  );
});

it('refuses what is no instant, and goes on after it', () => {
  expect(() => timeText(Number.NaN)).toThrow(RangeError);
  expect(() => timeText(9e15)).toThrow(RangeError);
  expect(timeText(0)).toBe('1970-01-01T00:00:00.000Z');
});

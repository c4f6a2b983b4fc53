import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quoted } from './quoted.ts';

it('writes every text as JSON does, of whole characters', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xff_ff })), (units) => {
      const text = String.fromCharCode(...units);
      expect(quoted(text)).toBe(JSON.stringify(text.toWellFormed()));
    }),
  );
  expect(quoted('a "b" \\ \n \u007f')).toBe(JSON.stringify('a "b" \\ \n \u007f'));
  expect(quoted('\ud800')).toBe('"\ufffd"');
  expect(quoted(null)).toBe('null');
});

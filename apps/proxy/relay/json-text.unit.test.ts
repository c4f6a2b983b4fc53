import { expect, it } from 'vitest';
import { jsonText } from './json-text.ts';

it('a byte order mark at the beginning is no part of JSON', () => {
  expect([jsonText(Buffer.from('\ufeff{}')), jsonText(Buffer.from('{}'))]).toEqual(['{}', '{}']);
  expect(jsonText(Buffer.from('\ufeff\ufeff'))).toBe('\ufeff');
});

import { expect, it } from 'vitest';
import { jsonText, parseJson } from './json-text.ts';

it('a byte order mark at the beginning is no part of JSON', () => {
  expect([jsonText(Buffer.from('\ufeff{}')), jsonText(Buffer.from('{}'))]).toEqual(['{}', '{}']);
  expect(jsonText(Buffer.from('\ufeff\ufeff'))).toBe('\ufeff');
});

it('numbers that are none in JSON are null, and text about them is text (NeMo-RL#2962)', () => {
  const said = '{"a":[NaN,-Infinity,Infinity,1],"NaN":"NaN \\" Infinity","b":{"c":NaN}}';
  expect(parseJson(said)).toEqual({
    a: [null, null, null, 1],
    NaN: 'NaN " Infinity',
    b: { c: null },
  });
  for (const broken of ['{"a":NaN', '{"a":NaNs}', '{"a":"NaN}', '{"a":}', 'NaN NaN']) {
    expect(() => parseJson(broken)).toThrow(SyntaxError);
  }
});

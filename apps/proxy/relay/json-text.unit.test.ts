import { expect, it } from 'vitest';
import { hasMoreValues, JsonReader, jsonText } from './json-text.ts';

const parseJson = (text: string) => new JsonReader().parse(text);

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

// Each of its quotes may begin a string: tried one by one, this text takes minutes.
it('a text of quotes that never ends is looked at once', () => {
  expect(() => parseJson(`{"a":NaN,"${'\\"'.repeat(1_000_000)}`)).toThrow(SyntaxError);
});

it('what follows a number that is none is read the same', () => {
  const reader = new JsonReader();
  const texts = ['{"a":NaN}', '{"a":"NaN"}', '{"a":1}', '{"a":-Infinity}'];
  for (const text of [...texts, ...texts]) {
    expect(reader.parse(text)).toEqual(parseJson(text));
  }
  expect(() => reader.parse('{"a":NaN,}')).toThrow(SyntaxError);
  expect(() => reader.parse('{"a":1,}')).toThrow(SyntaxError);
});

it('values are counted in large texts, and none in their strings', () => {
  const list = (item: string, count: number) => `[${Array(count).fill(item).join(',')}]`;
  const has = (text: string) => [hasMoreValues(text, 9_999), hasMoreValues(text, 20_001)];
  expect(has(list('[1]', 10_000))).toEqual([true, false]);
  expect(has(list('{"a":1}', 10_001))).toEqual([true, true]);
  expect(has(list('"[{,\\"[{,"', 5_000))).toEqual([false, false]);
  expect(has('['.repeat(30_000))).toEqual([false, false]);
});

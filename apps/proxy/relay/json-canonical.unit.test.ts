import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalNumber, compactJson } from './json-canonical.ts';

describe('JSON in its one spelling', () => {
  it.each([
    ['white space', ' { "a" : [ 1 , 2 ] ,\n"b":\t"x y" } ', '{"a":[1,2],"b":"x y"}'],
    ['escapes', '"caf\\u00e9 \\/ \\u0041\\ud83d\\ude00"', '"café / A😀"'],
    ['what must be escaped', '"\\u0022\\u000a\\\\"', '"\\"\\n\\\\"'],
  ])('forgets %s', (_, text, compact) => expect(compactJson(text)).toBe(compact));

  it.each([
    ['order of members', '{"a":1,"b":2}', '{"b":2,"a":1}'],
    ['repetition', '{"a":1,"a":2}', '{"a":2}'],
    ['digits of a number', '{"a":1.0}', '{"a":1}'],
    ['a number beyond doubles', '[9007199254740993]', '[9007199254740992]'],
    ['composition of a character', '"\u00e9"', '"e\u0301"'],
    ['half of a surrogate pair', '"\\ud800"', '"\\ud801"'],
    ['half of a pair and its replacement', '"\\ud800"', '"\ufffd"'],
    ['space within a string', '"a b"', '"ab"'],
    ['number and text', '[1]', '["1"]'],
  ])('keeps apart by %s', (_, one, other) => {
    expect(compactJson(one)).not.toBe(compactJson(other));
  });

  it('I10: two values share a spelling only if they are equal', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, value, fc.boolean(), (one, other, same) => {
        const second = same ? one : other;
        const texts = [JSON.stringify(one), JSON.stringify(second, null, 2)] as const;
        const equal = compactJson(texts[0]) === compactJson(texts[1]);
        expect(equal).toBe(JSON.stringify(one) === JSON.stringify(second));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a number in its one spelling', () => {
  it.each([
    [['1', '1.0', '1e0', '10e-1', '0.1E+1', '100.00e-2'], '1e0'],
    [['0', '-0', '0.0', '0e99'], '0'],
    [['-1500', '-1.5e3'], '-15e2'],
    [['0.7', '7e-1', '0.70'], '7e-1'],
  ])('%j are %s', (spellings, canonical) => {
    expect(spellings.map(canonicalNumber)).toEqual(spellings.map(() => canonical));
  });

  it('is exact beyond doubles, and leaves alone what is no number or out of all proportion', () => {
    const kept = ['"1"', 'true', 'null', '[1]', '1e9999999999', '+1', '1.'];
    expect(kept.map(canonicalNumber)).toEqual(kept);
    expect(canonicalNumber('9007199254740993')).not.toBe(canonicalNumber('9007199254740992'));
    expect(canonicalNumber('0.1')).not.toBe(canonicalNumber('0.10000000000000001'));
  });
});

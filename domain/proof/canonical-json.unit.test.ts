import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

describe('RFC 8785 text', () => {
  it('orders names by UTF-16 code units (RFC 8785 §3.2.3)', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    const names = Object.values(JSON.parse(canonicalJson(value)) as Record<string, string>);
    // JSON.parse puts the integer-like name first; the text itself is what is compared below.
    expect(names).toHaveLength(7);
    expect(canonicalJson(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control",' +
        '"\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",' +
        '"\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  it('escapes strings as RFC 8785 §3.2.2.2 does', () => {
    const value = { string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/' };
    expect(canonicalJson(value)).toBe('{"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
    expect(canonicalJson('\b\t\n\f\r\u001f\u007f')).toBe('"\\b\\t\\n\\f\\r\\u001f\u007f"');
  });

  it('writes literals and nested structures without white space (RFC 8785 §3.2.2)', () => {
    expect(canonicalJson({ literals: [null, true, false], a: { c: [], b: {} } })).toBe(
      '{"a":{"b":{},"c":[]},"literals":[null,true,false]}',
    );
    expect(canonicalJson([0, -0, -1, 9007199254740991])).toBe('[0,0,-1,9007199254740991]');
  });

  it('sorts numeric-looking names as text, not as numbers', () => {
    expect(canonicalJson({ 10: 'a', 9: 'b', 1: 'c' })).toBe('{"1":"c","10":"a","9":"b"}');
  });

  it('refuses what has no exact text (I6)', () => {
    for (const value of [
      0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      1n,
      undefined,
      { a: undefined },
      [undefined],
      new Array(1),
      '\ud800',
      { '\udead': 1 },
      new Map(),
      () => 1,
    ]) {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { jsonText, memberInTail } from './json-text.ts';

describe('usage of a JSON answer', () => {
  it('is found in the tail of a huge answer only at the top level', () => {
    const content = 'say "usage":{"prompt_tokens":9}';
    const body = JSON.stringify({ choices: [{ content, usage: { a: 1 } }], usage: { b: 2 }, x: 1 });
    expect(memberInTail(Buffer.from(body.slice(20)), 'usage')).toEqual({ b: 2 });
    const nested = JSON.stringify({ choices: [{ usage: { a: 1 } }] });
    expect(memberInTail(Buffer.from(nested), 'usage')).toBe(null);
  });

  it('is found where the tail begins with it, and is the last one', () => {
    expect(memberInTail(Buffer.from('"usage":{"a":1}}'), 'usage')).toEqual({ a: 1 });
    expect(memberInTail(Buffer.from('"usage":1,"usage":2}'), 'usage')).toBe(2);
  });

  it('is found although one inside of another object comes later', () => {
    expect(memberInTail(Buffer.from('"usage":{"b":2},"x":{"usage":{}}}'), 'usage')).toEqual({
      b: 2,
    });
  });

  it.each(['', '}', '"usage"', '"usage":', '"usage":null}', '"usage":{"a":1}', '"u":1}'])(
    'I8: is not known from %j',
    (tail) => {
      expect(memberInTail(Buffer.from(tail), 'usage')).toBe(null);
    },
  );
});

it('a byte order mark at the beginning is no part of JSON', () => {
  expect([jsonText(Buffer.from('\ufeff{}')), jsonText(Buffer.from('{}'))]).toEqual(['{}', '{}']);
  expect(jsonText(Buffer.from('\ufeff\ufeff'))).toBe('\ufeff');
});

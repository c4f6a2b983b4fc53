import { describe, expect, it } from 'vitest';
import { memberInTail } from './json-text.ts';

describe('usage of a JSON answer', () => {
  it('is found in the tail of a huge answer only at the top level', () => {
    const content = 'say "usage":{"prompt_tokens":9}';
    const body = JSON.stringify({ choices: [{ content, usage: { a: 1 } }], usage: { b: 2 }, x: 1 });
    expect(memberInTail(Buffer.from(body.slice(20)), 'usage')).toEqual({ b: 2 });
    const nested = JSON.stringify({ choices: [{ usage: { a: 1 } }] });
    expect(memberInTail(Buffer.from(nested), 'usage')).toBe(null);
  });
});

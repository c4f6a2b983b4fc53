import { describe, expect, it } from 'vitest';
import { usageFromJson, usageFromTail } from './json-usage.ts';

describe('usage of a JSON answer', () => {
  it('is read with model and id; what is not JSON is unknown', () => {
    const body = { id: 'c', model: 'm', usage: { prompt_tokens: 0 } };
    expect(usageFromJson(Buffer.from(JSON.stringify(body)))).toEqual(body);
    expect(usageFromJson(Buffer.from(`\ufeff${JSON.stringify(body)}`))).toEqual(body);
    expect(usageFromJson(Buffer.from('{"usage":{'))).toEqual({
      usage: null,
      model: null,
      id: null,
    });
    expect(usageFromJson(Buffer.from('null')).usage).toBe(null);
  });

  it('is found in the tail of a huge answer only at the top level', () => {
    const content = 'say "usage":{"prompt_tokens":9}';
    const body = JSON.stringify({ choices: [{ content, usage: { a: 1 } }], usage: { b: 2 }, x: 1 });
    expect(usageFromTail(Buffer.from(body.slice(20)))).toEqual({ b: 2 });
    const nested = JSON.stringify({ choices: [{ usage: { a: 1 } }] });
    expect(usageFromTail(Buffer.from(nested))).toBe(null);
  });
});

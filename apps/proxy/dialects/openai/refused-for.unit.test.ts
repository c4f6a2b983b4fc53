import { describe, expect, it } from 'vitest';
import { refusedFor } from './refused-for.ts';

const error = (fields: object) => refusedFor({ error: fields });

describe('why a provider refuses a request', () => {
  // litellm#10793: a server's own sentence was not known, and no fallback was taken.
  it('is told by its code, else by what it says', () => {
    expect(error({ code: 'context_length_exceeded' })).toBe('context_window');
    expect(error({ type: 'exceed_context_size_error', code: 400 })).toBe('context_window');
    expect(error({ code: 'content_filter' })).toBe('content_policy');
    const innererror = { code: 'ResponsibleAIPolicyViolation' };
    expect(error({ code: 'BadRequest', innererror })).toBe('content_policy');
    for (const message of [
      "The input (9 tokens) is longer than the model's context length (8 tokens).",
      "This model's maximum context length is 8 tokens. However, you requested 9 tokens.",
      'prompt is too long: 9 tokens > 8 maximum',
    ]) {
      expect([message, error({ message })]).toEqual([message, 'context_window']);
    }
    expect(error({ message: 'Input data may contain inappropriate content.' })).toBe(
      'content_policy',
    );
  });

  it('is neither, if it says nothing of that', () => {
    expect(error({ code: 'invalid_value', message: 'max_tokens is too large' })).toBe(null);
    expect(error({})).toBe(null);
    expect(refusedFor({ error: 'no' })).toBe(null);
    expect(refusedFor({})).toBe(null);
    expect(refusedFor({ error: null, message: 'prompt is too long' })).toBe('context_window');
  });
});

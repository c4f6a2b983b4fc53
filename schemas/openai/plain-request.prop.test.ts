import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainChatRequest } from './plain-request.ts';
import { chatCompletionRequest } from './requests.ts';

/** Values at and beyond the edges of every field's range. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, undefined, true, false, '', 'user', 'x'.repeat(256), 'x'.repeat(257)],
    ...['x'.repeat(1024), 'x'.repeat(1025), 0, -0, 1, -1, 1.5, 100_000_000, 100_000_001],
    ...[1e300, Number.NaN, Number.POSITIVE_INFINITY, [], [null], ['a'], [[]], {}, { a: 1 }],
    ...[[{}], [{ type: 'text' }], [{ type: 'function' }], [{ type: 1 }]],
    { include_usage: true },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

const message = fc.record(
  {
    role: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('system', 'user') }, odd),
    content: fc.oneof({ weight: 5, arbitrary: fc.string() }, odd),
    name: odd,
  },
  { requiredKeys: [] },
);

const ordinary = { model: 'gpt', messages: [{ role: 'user', content: 'Hello' }] };
const odds = fc.record(
  {
    ...{ model: odd, stream: odd, stream_options: odd, max_tokens: odd, n: odd, tools: odd },
    ...{ max_completion_tokens: odd, web_search_options: odd, user: odd, other: odd },
    messages: fc.oneof(fc.array(fc.oneof(message, odd)), odd),
  },
  { requiredKeys: [] },
);

describe('the quick look at a chat request', () => {
  it('takes only what the schema takes, and reads it as the schema does', () => {
    fc.assert(
      fc.property(fc.oneof(odds, odd), (fields) => {
        const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
        const request: unknown = isObject ? { ...ordinary, ...fields } : fields;
        fc.pre(isPlainChatRequest(request));
        expect(chatCompletionRequest.safeParse(request).data).toEqual(request);
      }),
      { numRuns: 300, maxSkipsPerRun: 1_000 },
    );
  });

  it('leaves what the schema leaves out to the schema', () => {
    const said = '"model":"gpt","messages":[{"role":"user","content":"Hello"}]';
    expect(isPlainChatRequest(JSON.parse(`{${said}}`))).toBe(true);
    expect(isPlainChatRequest(JSON.parse(`{"__proto__":null,${said}}`))).toBe(false);
    const message = '{"role":"user","content":"Hello","__proto__":{}}';
    expect(isPlainChatRequest(JSON.parse(`{"model":"gpt","messages":[${message}]}`))).toBe(false);
  });

  it('knows the ordinary call, with any setting that is not metered', () => {
    const limits = { max_tokens: 64, max_completion_tokens: 1, n: 1, stream: true, user: 'u' };
    const request = { ...ordinary, ...limits, temperature: 0.7, metadata: { a: [1] } };
    expect([ordinary, request].map(isPlainChatRequest)).toEqual([true, true]);
  });
});

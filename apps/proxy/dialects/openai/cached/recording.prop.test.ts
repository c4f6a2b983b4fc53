/** An answer as JSON, as the stream made of it, and as the JSON made of that stream: one answer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheText, leavesOut } from './cache-text.ts';
import { streamOf } from './chat-replay.ts';
import { ChunkRecording } from './chunk-recording.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
const toolCall = fc.record({
  id: fc.string({ minLength: 1 }),
  type: fc.constant('function'),
  function: fc.record({ name: fc.string({ minLength: 1 }), arguments: fc.string() }),
});
// One that says nothing is not stored: see `empty-answer-is-not-stored`.
const choice = fc
  .record({
    content: fc.option(text),
    reasoning: fc.option(text),
    calls: fc.array(toolCall, { maxLength: 3 }),
  })
  .filter((said) => said.content !== null || said.reasoning !== null || said.calls.length > 0)
  .map(({ content, reasoning, calls }) => ({
    message: {
      role: 'assistant',
      content,
      ...(reasoning === null ? {} : { reasoning_content: reasoning }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    logprobs: null,
    finish_reason: calls.length === 0 ? 'stop' : 'tool_calls',
  }));
const answer = fc.array(choice, { minLength: 1, maxLength: 3 }).map((choices) => ({
  ...{ id: 'a', created: 1, model: 'm', system_fingerprint: 'fp' },
  object: 'chat.completion',
  choices: choices.map((one, index) => ({ index, ...one })),
  usage: { prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 1 } },
}));

const chunksOf = (stream: Buffer) =>
  stream
    .toString()
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)) as Record<string, unknown>);

function recorded(chunks: readonly Record<string, unknown>[], lengthMax = 100_000): unknown {
  const recording = new ChunkRecording(lengthMax);
  for (const chunk of chunks) recording.read(chunk);
  recording.end();
  const body = recording.body();
  return body === null ? null : JSON.parse(body.toString());
}

describe('an answer', () => {
  it('is the same as a stream and as JSON, whatever is in it', () => {
    fc.assert(
      fc.property(answer, (whole) => {
        const stream = streamOf(Buffer.from(JSON.stringify(whole)), true);
        expect(stream.toString().endsWith('data: [DONE]\n\n')).toBe(true);
        expect(recorded(chunksOf(stream))).toEqual(whole);
      }),
    );
  });

  it('is never half of a character, nor more than it may be', () => {
    const content = '😀'.repeat(100);
    const message = { role: 'assistant', content };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    const usage = { prompt_tokens: 1 };
    const stream = streamOf(Buffer.from(JSON.stringify({ choices, usage })), true);
    expect(JSON.stringify(chunksOf(stream))).not.toMatch(/\\ud8/i);
    expect(recorded(chunksOf(stream), 100)).toBeNull();
  });

  // vLLM writes the logarithm of nothing as a number that JSON does not have; what is stored is what came.
  it('is a stream although JSON has no such number, and a call in it is none', () => {
    const body = `{"choices":[{"index":0,"message":{"role":"assistant","content":"x","tool_calls":[null]},
      "logprobs":{"content":[{"logprob":-Infinity}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}`;
    const chunks = chunksOf(streamOf(Buffer.from(body), false));
    expect(JSON.stringify(chunks)).toContain('"logprobs":{"content":[{"logprob":null}]}');
    expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
  });

  const said = (more: object, delta: object = { content: 'x' }) => ({
    choices: [{ index: 0, delta, finish_reason: 'stop', ...more }],
    usage: { completion_tokens: 1 },
  });
  it.each([
    ['with members of a chunk that nobody knows', { ...said({}), extra: { a: 1 } }],
    ['with members of a choice that nobody knows', said({ extra: [1] })],
    ['with logprobs, piece by piece', said({ logprobs: { content: [{}] } })],
    ['with parts of a text that nobody knows', said({}, { content: [{ type: 'text' }] })],
    ['with audio', said({}, { audio: { id: 'a' } })],
    [
      'with calls that are no functions',
      said({}, { tool_calls: [{ index: 0, custom: { name: 'x' } }] }),
    ],
    ['without usage', { choices: said({}).choices }],
    ['with an end that nobody has chosen', said({ finish_reason: 'length' })],
  ])('%s is not put together', (_, chunk) => expect(recorded([chunk])).toBeNull());

  it('is put together of what is known, and of what says nothing', () => {
    const chunk = said({ extra: null, logprobs: null }, { content: 'x', refusal: null, y: [] });
    expect(recorded([{ ...chunk, obfuscation: 'zz', service_tier: 'default' }])).toMatchObject({
      service_tier: 'default',
      choices: [{ message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
    });
  });
});

it('what is kept at the provider is no request that could be made twice', () => {
  const of = (body: string, name: string) => {
    const start = body.indexOf(':') + 1;
    const member = { name, start, end: body.length - 1 };
    return cacheText(Buffer.from(body), [member], leavesOut.chat, false);
  };
  expect([
    of('{"store":true}', 'store'),
    of('{"Store":true}', 'Store'),
    of('{"previous_response_id":"x"}', 'previous_response_id'),
    of('{"store":false}', 'store'),
    of('{"store":null}', 'store'),
  ]).toEqual([null, null, null, '"store":false', '"store":null']);
});

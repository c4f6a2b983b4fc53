/**
 * I3: which answers prove how much was generated for them at most, and which requests let them. Every
 * sign of more than can be seen makes it unknown.
 */
import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../../limits.ts';
import { chatCompletions } from './chat-request.ts';
import { unshownOfChat } from './unshown-output.ts';

const ANSWER = proxyLimits.structureTokensPerAnswer;
const CALL = proxyLimits.structureTokensPerToolCall;
const messages = [{ role: 'user', content: 'hi' }];

function proven(body: string, type: string, asked: object = {}): number | null {
  const read = chatCompletions.read(
    { body: Buffer.from(JSON.stringify({ model: 'm', messages, ...asked })) },
    9,
  );
  if (!read.ok) throw new Error(read.refusal.code);
  const answer = chatCompletions
    .open(read.facts)
    .answer({ 'content-type': type }, proxyLimits, Buffer.from(body));
  answer.push(Buffer.from(body));
  return answer.outputTokensMax();
}
const ofJson = (fields: object, asked?: object) =>
  proven(JSON.stringify(fields), 'application/json', asked);
const ofStream = (...chunks: object[]) =>
  proven(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''), 'text/event-stream');
const whole = (message: object, choice: object = {}, fields: object = {}) => ({
  choices: [{ index: 0, message, finish_reason: 'stop', ...choice }],
  ...fields,
});
const content = 'é fünf';
const delta = (fields: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: fields, finish_reason }],
});
const call = (name: string, args: unknown, index = 0) => ({
  ...{ index, id: `call_${index}`, type: 'function' },
  function: { name, arguments: args },
});

describe('an answer that shows all that was generated', () => {
  it('has at most a token for each byte of its text, and what every answer has', () => {
    expect(ofJson(whole({ role: 'assistant', content }))).toBe(8 + ANSWER);
    const nothing = { refusal: null, annotations: [], reasoning_content: null, audio: null };
    const said = { service_tier: 'default', system_fingerprint: 'fp', usage: null };
    expect(ofJson(whole({ content, ...nothing }, { logprobs: null }, said))).toBe(8 + ANSWER);
    expect(ofJson(whole({ content: null, refusal: 'no' }))).toBe(2 + ANSWER);
  });

  it('is the same as a stream', () => {
    const chunks = [
      delta({ role: 'assistant', content: '' }),
      ...[...content].map((text) => delta({ content: text, reasoning: '' })),
      delta({}, 'stop'),
    ];
    expect(ofStream(...chunks, { choices: [], usage: {} })).toBe(8 + ANSWER);
    expect(ofStream(delta({ content }, 'stop'))).toBe(8 + ANSWER);
  });

  it('has calls of tools, each with a name, its arguments and what marks it', () => {
    const calls = [call('f', '{"a":1}'), call('gg', '{}', 1)];
    const asJson = whole({ content: null, tool_calls: calls }, { finish_reason: 'tool_calls' });
    expect(ofJson(asJson)).toBe(1 + 7 + 2 + 2 + 2 * CALL + ANSWER);
    const pieces = [call('f', ''), { index: 0, function: { arguments: '{"a":' } }];
    const rest = { index: 0, function: { arguments: '1}' } };
    expect(
      ofStream(
        ...[...pieces, rest, call('gg', '{}', 1)].map((piece) => delta({ tool_calls: [piece] })),
        delta({}, 'tool_calls'),
      ),
    ).toBe(1 + 7 + 2 + 2 + 2 * CALL + ANSWER);
    const old = whole({ function_call: { name: 'f', arguments: '{}' } });
    expect(ofJson(old)).toBe(3 + CALL + ANSWER);
  });

  it('ended before a stop sequence that was written too: the longest of them counts', () => {
    expect(ofJson(whole({ content }), { stop: 'END' })).toBe(8 + 3 + ANSWER);
    expect(ofJson(whole({ content }), { stop: ['a', 'ééé', 'bb'] })).toBe(8 + 6 + ANSWER);
    expect(ofJson(whole({ content }), { stop: null })).toBe(8 + ANSWER);
  });
});

describe('nothing is proven', () => {
  it.each<[string, object]>([
    ['has not ended', whole({ content }, { finish_reason: null })],
    ['was cut at its limit', whole({ content }, { finish_reason: 'length' })],
    ['was cut by a filter', whole({ content }, { finish_reason: 'content_filter' })],
    ['ended for a reason that nobody here knows', whole({ content }, { finish_reason: 'flagged' })],
    ['failed', whole({ content }, { finish_reason: 'error' })],
    ['has an error', whole({ content }, {}, { error: { message: 'm' } })],
    ['has no answer', { choices: [] }],
    ['says something of usage', whole({ content }, {}, { usage: { completion_tokens: 5 } })],
    ['says zeros of usage', whole({ content }, {}, { usage: { completion_tokens: 0 } })],
    ['says what nobody here counts', whole({ content }, {}, { usage: { citation_tokens: 3 } })],
    ['shows reasoning', whole({ content, reasoning_content: 'hm' })],
    ['shows reasoning by another name', whole({ content, thinking: 'hm' })],
    ['has signed thoughts', whole({ content, thinking_blocks: [{ signature: 'x' }] })],
    ['has thoughts that are locked', whole({ content, reasoning_details: [{ data: 'x' }] })],
    ['has parts', whole({ content: [{ type: 'text', text: content }] })],
    ['has been searched for', whole({ content, annotations: [{ type: 'url_citation' }] })],
    ['is spoken', whole({ content: null, audio: { transcript: 'a' } })],
    ['has a text that nobody here knows', whole({ content, monologue: 'hm' })],
    ['has a figure that nobody here knows', whole({ content, draft_tokens: 7 })],
    ['has such a figure in its choice', whole({ content }, { drafts: 7 })],
    ['has such a figure at its top', whole({ content }, {}, { generated: 7 })],
    ['says how much was timed', whole({ content }, {}, { timings: { predicted_n: 400 } })],
    ['lists tokens', whole({ content }, { token_ids: [1, 2] })],
    ['was served at a more expensive tier', whole({ content }, {}, { service_tier: 'priority' })],
    [
      'has arguments that were read and written again',
      whole({ tool_calls: [call('f', { a: 1 })] }),
    ],
    ['has a call without a name', whole({ function_call: { arguments: '{}' } })],
    ['has two choices', { choices: [0, 1].map(() => whole({ content }).choices[0]) }],
    ['is another choice than the first', whole({ content }, { index: 1 })],
  ])('of an answer that %s', (_, answer) => {
    expect(ofJson(answer)).toBeNull();
  });

  it('of what cannot be read: no JSON, a broken event, an answer without an end', () => {
    const text = JSON.stringify(delta({ content }, 'stop'));
    expect([
      proven('{"choices":[', 'application/json'),
      proven(`data: ${text}\n\ndata: {"choices\n\n`, 'text/event-stream'),
      proven(`data: ${JSON.stringify(delta({ content }))}\n\n`, 'text/event-stream'),
      ofStream(delta({ content }, 'stop'), delta({ content }, 'length')),
      ofStream(delta({ content }, 'stop'), { usage: { completion_tokens: 900 } }),
    ]).toEqual([null, null, null, null, null]);
  });

  it.each<[string, object]>([
    ['to reason', { reasoning_effort: 'low' }],
    ['to reason by another name', { reasoning: { max_tokens: 9 } }],
    ['for two answers', { n: 2 }],
    ['for the best of several', { best_of: 4 }],
    ['for what nobody here knows', { chat_template_kwargs: { enable_thinking: true } }],
    ['to stop at what is no text', { stop: [7] }],
    ['for another spelling of a member', { Stop: 'a' }],
  ])('where the request asks %s', (_, asked) => {
    expect(ofJson(whole({ content }), asked)).toBeNull();
    expect(ofJson(whole({ content }))).not.toBeNull();
  });

  it('where a request has a member twice', () => {
    const twice = Buffer.from('{"model":"m","stop":"a","stop":"long","messages":[]}');
    expect(unshownOfChat(twice)).toBeNull();
  });
});

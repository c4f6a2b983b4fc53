import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../../limits.ts';
import { JsonAnswer } from './json-answer.ts';

const asked = {
  generates: true,
  stripsUsageChunk: false,
  hasInput: () => true,
  mayRepeat: null,
  unshownTokensMax: () => null,
};

function answerTo(body: string | Buffer, limits: Partial<typeof proxyLimits> = {}): JsonAnswer {
  const answer = new JsonAnswer({ ...proxyLimits, ...limits }, asked);
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += 7) answer.push(bytes.subarray(at, at + 7));
  return answer;
}
const saying = (message: unknown) => answerTo(JSON.stringify({ choices: [{ message }] }));

describe('an estimate of a JSON answer', () => {
  it('counts whatever the model wrote, once (litellm#38676, new-api#6924)', () => {
    const tool_calls = [
      { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":1}' } },
      { id: 'call_2', type: 'custom', custom: { name: 'shell', input: 'ls' } },
      { function: { name: 'f', arguments: { a: 1 } } },
      null,
    ];
    const texts = [
      { role: 'assistant', content: null, tool_calls },
      { content: 'Hello', refusal: 'No.', annotations: [{ url: 'u' }] },
      {
        content: [
          { type: 'text', text: 'a' },
          { type: 'thinking', thinking: [{ text: 'b' }] },
        ],
      },
      { reasoning_content: 'we', content: 'x' },
      { reasoning: 'we', reasoning_content: 'we', reasoning_details: [{ text: 'we' }] },
      { thinking: 'we ', reasoning: 'think' },
      { thinking_blocks: [{ type: 'thinking', thinking: 'we', signature: 's' }] },
      { function_call: { name: 'old', arguments: '{}' } },
      { audio: { id: 'a', transcript: 'said', expires_at: 3 } },
      { content: [] },
    ].map((message) => saying(message).outputText());
    expect(texts).toEqual([
      ...['weather{"city":1}shelllsf{"a":1}', 'HelloNo.', 'ab', 'wex', 'we', 'we think', 'we'],
      ...['old{}', 'said', ''],
    ]);
    expect(answerTo('{"choices":[{"text":"a","index":0}]}').outputText()).toBe('a');
  });

  it.each([
    { content: [{ type: 'image_url', image_url: { url: 'data:' } }] },
    { content: 'x', images: [{ url: 'data:' }] },
    { audio: { data: 'UklG' } },
    { reasoning_details: [{ type: 'reasoning.encrypted', data: 'gAAA' }] },
    { content: 'x', thought: 'hm' },
    { tool_calls: [{ function: { name: 'f' }, extra: { signature: 's' } }] },
    { tool_calls: 'f' },
    { function_call: { name: 'f', kwargs: { a: 'b' } } },
    'text',
  ])('has no figure for what nobody here reads: %j', (message) => {
    expect(saying(message).outputText()).toBe(null);
  });

  it.each([
    { choices: [{ message: { content: 'x' }, draft: 'y' }] },
    { choices: [{ message: { content: 'x' } }], citations: ['u'] },
    { choices: [{ message: { content: 'x' } }, 'y'] },
    { choices: { 0: { text: 'x' } } },
  ])('nor for text next to it: %j', (body) => {
    expect(answerTo(JSON.stringify(body)).outputText()).toBe(null);
  });
});

describe('an answer that is no answer (rocketmq-dashboard#2178, auto_ai_router#149, DeepSeek-V3#407)', () => {
  it.each([
    '{"error":{"message":"m","code":429}}',
    '{"error":"m"}',
    '{"errors":[{}]}',
    '{"object":"error","message":"m"}',
    '{"type":"error","x":1}',
    '{"code":429,"message":"m"}',
    '{"detail":"Not Found"}',
    '{"choices":[{"error":{"code":502},"message":{"content":"x"}}]}',
    '{"choices":[{"finish_reason":"error","message":{"content":"x"}}]}',
    '<html>502</html>',
    'Internal Server Error',
  ])('is an error: %s', (body) => {
    expect(answerTo(body).fault()).toBe('error');
  });

  it.each(['', ' \n', '{}', '{"choices":[]}', '{"id":"c","model":"m"}', '{"usage":null}'])(
    'says nothing: %j',
    (body) => {
      expect(answerTo(body).fault()).toBe('nothing');
    },
  );

  it.each([
    '{"choices":[{"message":{"content":""}}]}',
    '{"choices":[{"message":{"content":"x"}}],"error":null,"message":"m"}',
    '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":0},"error":{}}',
    '{"data":[{"embedding":[1]}],"message":"m"}',
    '{"choices":[',
    '\u001f\ufffd\u0000',
    'data: {}',
  ])('is none of ours to judge: %j', (body) => {
    expect(answerTo(body).fault()).toBe(null);
  });
});

describe('usage wherever a JSON answer has it', () => {
  const usage = { prompt_tokens: 30, completion_tokens: 12 };
  const input = (body: string, limits = {}) => answerTo(body, limits).quantities()?.inputTokens;

  it.each([
    { usage },
    { x_groq: { id: 'r', usage } },
    { choices: [{ message: { content: 'x' }, usage }] },
    { choices: [{ message: { content: 'x', usage } }] },
    { usageMetadata: { promptTokenCount: 30, candidatesTokenCount: 12 } },
    { usage, x_groq: { usage } },
    { usage, x_groq: { usage: {} } },
  ])('%j', (body) => {
    expect(answerTo(JSON.stringify(body)).quantities()).toMatchObject({
      ...{ inputTokens: 30, outputTokens: 12, requests: 1 },
    });
  });

  it('I8: two that contradict each other are none', () => {
    const other = { prompt_tokens: 22, completion_tokens: 13 };
    const answer = answerTo(JSON.stringify({ usage, x_groq: { usage: other } }));
    expect([answer.quantities(), answer.usageNote()]).toEqual([null, 'usage_contradictory']);
  });

  it('I8: of several choices nobody knows whose it is', () => {
    const choices = [{ usage }, { usage }];
    expect(answerTo(JSON.stringify({ choices })).quantities()).toBe(null);
    expect(input(JSON.stringify({ choices: [{}, {}], usage }))).toBe(30);
  });

  it('I8: no tokens for what was asked and written are no statement (new-api#6924, litellm#24339)', () => {
    const choices = [{ message: { content: 'x' } }];
    const said = (fields: object) => {
      const answer = answerTo(JSON.stringify(fields));
      return [answer.quantities()?.outputTokens, answer.usageNote()];
    };
    const zero = { prompt_tokens: 0, completion_tokens: null, total_tokens: 0 };
    expect([
      said({ choices, usage: zero }),
      said({ choices, usage: { ...usage, completion_tokens: 0 } }),
      said({ choices, usage: { ...usage, prompt_tokens: 0 } }),
      said({ choices: [{ message: { content: '' } }], usage: { ...usage, completion_tokens: 0 } }),
    ]).toEqual([...[1, 2, 3].map(() => [undefined, 'usage_below_visible']), [0, null]]);
  });

  const large = (fields: string) => `{"x":"${'{\\"\\\\'.repeat(900)}",${fields}}`;
  const limits = { heldAnswerBytesMax: 500, answerTailBytes: 60 };

  it('first, last or between, in an answer that is not held (agentgateway#1685)', () => {
    const said = JSON.stringify(usage);
    const data = `"data":[${'{"usage":{"prompt_tokens":9}},0.25,'.repeat(300)}1]`;
    for (const body of [
      `{"usage":${said},${data}}`,
      `{${data},"usage":${said}}`,
      `{${data},"us\\u0061ge" : ${said} ,${data}}`,
      large(`"usage":${said}`),
    ]) {
      expect(input(body, limits)).toBe(30);
    }
  });

  it('of an answer that is held, and too large to be parsed: text that was not read is not counted', () => {
    const data = `"choices":[${'{"message":{"content":"x"}},'.repeat(30)}{}]`;
    const body = `{${data},"usage":${JSON.stringify(usage)},"id":"c"}`;
    const small = { parsedAnswerBytesMax: 200 };
    const answer = answerTo(body, small);
    expect([answer.quantities()?.inputTokens, answer.id(), answer.isWhole()]).toEqual([
      ...[30, 'c', true],
    ]);
    expect(Buffer.concat(answer.end()).toString()).toBe(body);
    const silent = answerTo(`{${data}}`, small);
    expect([silent.quantities(), silent.outputText(), silent.fault()]).toEqual([null, null, null]);
  });

  it('not where what states it is there again and again', () => {
    const said = `"usage":${JSON.stringify(usage)},`;
    expect(input(`{${said.repeat(100)}"x":1}`, limits)).toBe(30);
    expect(input(`{${said.repeat(101)}"x":1}`, limits)).toBe(undefined);
  });

  it('I8: not from an answer that is cut, nor from within', () => {
    const said = JSON.stringify(usage);
    for (const body of [
      `{"usage":${said},"data":[${'1,'.repeat(900)}`,
      `[{"usage":${said}}${',1'.repeat(900)}]`,
      large(`"y":{"usage":${said}}`),
      large(`"y":"\\"usage\\":${JSON.stringify(said).slice(1, -1)}"`),
    ]) {
      expect(input(body, limits)).toBe(undefined);
    }
  });

  it('next to numbers that are none in JSON (NeMo-RL#2962)', () => {
    const choices = '"choices":[{"message":{"content":"x"},"logprobs":[NaN,-Infinity]}]';
    const said = JSON.stringify(usage);
    expect(input(`{"id":"c",${choices},"usage":${said}}`)).toBe(30);
    expect(input(`{"usage":${said},${choices}}`)).toBe(30);
    expect(input(`{"usage":${said},${choices}`)).toBe(undefined);
    expect(answerTo(`{${choices}}`).outputText()).toBe('x');
  });
});

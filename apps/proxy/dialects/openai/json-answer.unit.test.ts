import { describe, expect, it } from 'vitest';
import { JsonAnswer, statedIn } from './json-answer.ts';

describe('usage of a JSON answer', () => {
  it('is read with model and id; what is not JSON is unknown', () => {
    const body = { id: 'c', model: 'm', usage: { prompt_tokens: 0 } };
    expect(statedIn(Buffer.from(JSON.stringify(body)))).toEqual(body);
    expect(statedIn(Buffer.from(`\ufeff${JSON.stringify(body)}`))).toEqual(body);
    expect(statedIn(Buffer.from('{"usage":{'))).toEqual({
      usage: null,
      model: null,
      id: null,
    });
    expect(statedIn(Buffer.from('null')).usage).toBe(null);
  });
});

function answerOf(message: unknown): JsonAnswer {
  const answer = new JsonAnswer(1_000_000, 1_000);
  answer.push(Buffer.from(JSON.stringify({ choices: [{ message }] })));
  return answer;
}

it('an estimate of a JSON answer counts the calls of tools too', () => {
  const tool_calls = [
    { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Graz"}' } },
    { id: 'call_2', type: 'custom', custom: { name: 'shell', input: 'ls' } },
    null,
  ];
  const texts = [
    { content: null, tool_calls },
    { content: 'Hello', refusal: 'No.' },
    { content: [] },
    null,
  ].map((message) => answerOf(message).outputText());
  expect(texts).toEqual(['weather{"city":"Graz"}shellls', 'HelloNo.', '', '']);
});

it('what is not JSON has no text that could be counted', () => {
  const answer = new JsonAnswer(1_000, 100);
  answer.push(Buffer.from('{"choices":['));
  expect(answer.outputText()).toBe(null);
});

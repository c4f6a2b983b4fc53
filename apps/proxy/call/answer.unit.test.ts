import { expect, it } from 'vitest';
import { HeldAnswer } from './answer.ts';

function answerOf(message: unknown): HeldAnswer {
  const answer = new HeldAnswer(1_000_000, 1_000);
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
  const answer = new HeldAnswer(1_000, 100);
  answer.push(Buffer.from('{"choices":['));
  expect(answer.outputText()).toBe(null);
});

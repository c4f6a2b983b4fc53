import { expect, it } from 'vitest';
import { WrittenOutput } from './written-output.ts';

const DEEP = 50_000;
/** A value inside so many arrays or objects. */
const nested = (open: string, close: string, inner = '1'): unknown =>
  JSON.parse(open.repeat(DEEP) + inner + close.repeat(DEEP));
const objects = nested('{"a":', '}');
const arrays = nested('[', ']', '');
const texts = nested('{"text":', '}', '"deep"');

// Found by our own attacks: the exception of an endless recursion left the call without an end.
it.each<[string, object]>([
  ['an answer', { a: objects }],
  ['a choice', { choices: [{ a: objects }] }],
  ['a message', { choices: [{ message: { a: objects } }] }],
  ['its content', { choices: [{ message: { content: texts } }] }],
  ['lists in its content', { choices: [{ message: { content: arrays } }] }],
  ['a call of a tool', { choices: [{ message: { tool_calls: [{ a: objects }] } }] }],
  ['its arguments', { choices: [{ message: { function_call: { arguments: objects } } }] }],
])('%s with more levels than anybody writes is read to an end, and not as nothing', (_, answer) => {
  const output = new WrittenOutput(1_000);
  output.read(answer as Record<string, unknown>);
  expect([output.text, output.pieces]).toEqual([null, 1]);
});

it('text in parts within parts is read', () => {
  const output = new WrittenOutput(1_000);
  const content = [{ type: 'text', text: [{ text: 'a' }, { content: [{ text: 'b' }] }] }];
  output.read({ choices: [{ message: { content } }] });
  expect(output.text).toBe('ab');
});

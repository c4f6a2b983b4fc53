/** What of a chat request is read for its complexity. */
import { describe, expect, it } from 'vitest';
import { scanJson } from '../../relay/json-scan.ts';
import { promptOf } from './prompt.ts';

const user = (content: unknown) => ({ role: 'user', content });
const assistant = { role: 'assistant', content: 'Here is the plan. Shall I?' };

function read(messages: object[], fields: object = {}) {
  const body = Buffer.from(JSON.stringify({ model: 'm', messages, ...fields }));
  return promptOf(body, scanJson(body, body.toString()).members);
}

describe('a prompt is what the user said last', () => {
  // litellm PR#36721: the system prompt was scored, so "hi" behind an agent's was hard.
  it('and nothing that the application says', () => {
    const system = { role: 'system', content: 'Refactor, prove and debug. Use git.' };
    const tool = { role: 'tool', content: 'def f(): return 1' };
    expect(read([system, user('hi'), assistant, tool])).toEqual({
      ...{ text: 'hi', turns: 4, tools: 0 },
    });
  });

  // litellm PR#35471: "yes" was easy, whatever it approved.
  it('with what came before, if it is short', () => {
    const asked = 'Plan the migration of all tables without downtime.';
    const { text } = read([user('hello'), user(asked), assistant, user('yes, do it')]);
    expect(text).toBe(`${asked}\nyes, do it`);
  });

  it('in all of its texts, and tools are counted', () => {
    const parts = [{ type: 'text', text: 'one two three' }, { type: 'image_url' }, null];
    expect(
      read([user([...parts, { type: 'text', text: 'four five six' }])], { tools: [{}, {}] }),
    ).toEqual({ text: 'one two three\nfour five six', turns: 1, tools: 2 });
  });
});

describe('of a long conversation', () => {
  const long = { role: 'tool', content: 'x'.repeat(70_000) };
  const question = 'Why does "role" matter to {you} and me?';

  it('the end alone is read', () => {
    const messages = [user('prove it'), long, user(question), assistant, user('go on')];
    expect(read(messages).text).toBe(`${question}\ngo on`);
  });

  it('the end of its last message is read, if that is longer than what is read', () => {
    const { text } = read([user(`${'x '.repeat(40_000)}Why?`)]);
    expect([text.length <= 16_384, text.includes('Why?')]).toEqual([true, true]);
  });

  it('a message that begins with its content is read as a text', () => {
    const { text } = read([long, { content: question, role: 'user' }]);
    expect(text).toContain('Why does');
  });
});

it('of a request without messages nothing is read', () => {
  expect(promptOf(Buffer.from('{}'), [])).toEqual({ text: '', turns: 1, tools: 0 });
});

/** Errors that a provider states under a status of success. */
import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../../limits.ts';
import { chatCompletions } from './chat-request.ts';

const usage = { prompt_tokens: 30, completion_tokens: 12 };
const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const asked = { model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: true };
const read = chatCompletions.read({ body: Buffer.from(JSON.stringify(asked)) }, 9);
if (!read.ok) throw new Error(read.refusal.code);
const request = chatCompletions.open(read.facts);

// clawrouter#101, OmniRoute#8210
describe('an error in a stream', () => {
  const streamed = (body: string) => {
    const answer = request.answer({ 'content-type': 'text/event-stream' }, proxyLimits);
    const passed = [...answer.push(Buffer.from(body)), ...answer.end()];
    return [answer.fault(), Buffer.concat(passed).toString() === body];
  };
  const say = event({ choices: [{ delta: { content: 'four' } }] });
  const error = { message: 'm', code: 429 };

  it.each([
    `event: error\n${event({ error })}`,
    event({ choices: [], error, usage }),
    event({ choices: [{ delta: {}, error }] }),
    event({ choices: [{ delta: {}, finish_reason: 'error' }] }),
    event({ object: 'error', message: 'm' }),
    event({ type: 'error', error: 'm' }),
    event({ message: 'm', code: 1 }),
  ])('is one, and passes: %s', (told) => {
    for (const body of [told, say + told, told + say, `${say}${told}data: [DONE]\n\n`]) {
      expect(streamed(body)).toEqual(['error', true]);
    }
  });

  it('is none where nothing is wrong', () => {
    expect([say, event({ error: null, choices: [] }) + say].map(streamed)).toEqual([
      ...[1, 2].map(() => [null, true]),
    ]);
  });

  it('is that nothing came', () => {
    for (const body of ['', 'data: [DONE]\n\n', ': hb\n\ndata: [DONE]\n\n', event({ id: 'c' })]) {
      expect(streamed(body)).toEqual(['nothing', true]);
    }
  });
});

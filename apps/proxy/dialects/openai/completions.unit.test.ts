import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../../limits.ts';
import type { CallRequest } from '../dialect.ts';
import { completions } from './completions-request.ts';

function accepted(fields: object): CallRequest {
  const result = completions.read({ body: Buffer.from(JSON.stringify(fields)) }, 9);
  if (!result.ok) throw new Error(result.refusal.message ?? result.refusal.code);
  return completions.open(result.facts);
}
const asked = { model: 'm', prompt: 'hi', max_tokens: 10 };

describe('I3: completions are bounded over all that is written for them', () => {
  it.each([
    ['one prompt', {}, 10],
    ['several answers', { n: 3 }, 30],
    ['candidates that are dropped', { n: 2, best_of: 5 }, 50],
    ['several prompts', { prompt: ['a', 'b'], n: 2 }, 40],
    ['a prompt of tokens', { prompt: [1, 2, 3] }, 10],
    ['prompts of tokens', { prompt: [[1, 2], [3]] }, 20],
    ['no limit', { max_tokens: null }, null],
    ['no output', { max_tokens: 0, echo: true }, 0],
  ])('%s', (_, fields, outputTokensMax) => {
    const request = accepted({ ...asked, ...fields });
    expect([request.outputTokensMax, request.unboundedBy]).toEqual([outputTokensMax, null]);
  });

  it('and what has no bound is named', () => {
    expect(accepted({ ...asked, prediction: {} }).unboundedBy).toBe('`prediction`');
    expect(accepted({ ...asked, service_tier: 7 }).unboundedBy).toBe('`service_tier`');
    expect(() => accepted({ ...asked, prompt: { id: 1 } })).toThrow('`prompt`');
  });
});

describe('a completion', () => {
  it('goes to the provider as it came, with the chunk of usage and a limit if they are missing', () => {
    const sent = (fields: object, limit: Parameters<CallRequest['upstream']>[1] = null) => {
      const { path, body } = accepted(fields).upstream('m', limit);
      return [path, body.toString()];
    };
    expect(sent(asked)).toEqual(['/completions', JSON.stringify(asked)]);
    expect(sent({ model: 'm', stream: true })[1]).toContain('"include_usage":true');
    const limit = { tokens: 9, field: 'max_completion_tokens' };
    expect(sent({ model: 'm', prompt: 'x' }, limit)[1]).toBe(
      '{"max_tokens":9,"model":"m","prompt":"x"}',
    );
  });

  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
  const choice = { index: 0, text: 'four', finish_reason: 'length' };
  it.each([
    [
      'whole',
      'application/json',
      JSON.stringify({ id: 'c', model: 'm', choices: [choice], usage }),
    ],
    [
      'in a stream',
      'text/event-stream',
      `data: ${JSON.stringify({ choices: [choice] })}\n\ndata: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`,
    ],
  ])('states its usage %s', (_, type, body) => {
    const answer = accepted(asked).answer({ 'content-type': type }, proxyLimits);
    answer.push(Buffer.from(body));
    expect(answer.quantities()).toMatchObject({ inputTokens: 3, outputTokens: 2, requests: 1 });
    expect([answer.fault(), answer.isUsageFinal(), answer.outputText()]).toEqual([
      null,
      true,
      'four',
    ]);
  });
});

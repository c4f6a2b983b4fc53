/**
 * One attempt on a real journal, ledger and provider socket, watched from inside: what its lease
 * holds and has spent when the end is written, when it is durable, and afterwards.
 */
import type { Journal } from '@tollgate/adapters/journal/journal.ts';
import { describe, expect, it } from 'vitest';
import { type CallHouse, useCallHouses } from '../testing/call-house.ts';

/** One pico-dollar a token: 73 bytes of body, 128 tokens of framing, 10 of output. */
const HOLD = 211n;

const openHouse = useCallHouses();
let house: CallHouse;

/** One call to a provider that answers so. @returns the lease at each step of its end */
async function callOnce(
  status: number,
  answer: object | string,
  type = 'application/json',
  end: 'ends' | 'breaks' = 'ends',
) {
  const steps: [string, bigint | undefined, bigint | undefined][] = [];
  const look = (step: string) => {
    const lease = house.holds[0]?.[0]?.parts[0]?.lease;
    steps.push([step, lease?.held, lease?.spent]);
  };
  const watch =
    (journal: Journal): Journal['submit'] =>
    (write, done) => {
      if (write.op !== 'finished') return journal.submit(write, done);
      look('written');
      journal.submit(write, (error) => {
        look('durable');
        done(error);
        look('done');
      });
    };
  house = await openHouse({
    budgets: [{}],
    submit: watch,
    providers: [
      (_request, response) => {
        response.writeHead(status, { 'content-type': type });
        const body = typeof answer === 'string' ? answer : JSON.stringify(answer);
        if (end === 'ends') response.end(body);
        else response.write(body, () => response.destroy());
      },
    ],
  });
  const messages = [{ role: 'user', content: 'hi' }];
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages, max_tokens: 10 }),
  });
  // One that breaks off at the provider breaks off here too.
  await response.text().catch((error) => {
    if (end === 'ends') throw error;
  });
  await house.idle();
  const { leases } = await house.journal.contents();
  const leaseId = house.holds[0]?.[0]?.parts[0]?.lease.leaseId;
  const total = leases.find((lease) => lease.leaseId === leaseId)?.spent;
  return { status: response.status, steps, total };
}

describe('the hold of an attempt', () => {
  it('I3: is freed only when the charge is durable', async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 12 };
    expect(await callOnce(200, { usage })).toEqual({
      status: 200,
      steps: [
        ['written', HOLD, 0n],
        ['durable', HOLD, 0n],
        ['done', 0n, 42n],
      ],
      total: 42n,
    });
  });

  it('I3: is charged as a stream states it, however its media type is written (RFC 9110 §8.3.1)', async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 12 };
    const events = `data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`;
    const { steps, total } = await callOnce(200, events, 'Text/Event-Stream');
    expect([steps.at(-1), total]).toEqual([['done', 0n, 42n], 42n]);
  });

  it('I3: is charged as a stream states it in the end, though it breaks before it says so', async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 12 };
    const finish = { choices: [{ delta: {}, finish_reason: 'stop' }] };
    const events = [finish, { choices: [], usage }]
      .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
      .join('');
    const { total } = await callOnce(200, events, 'text/event-stream', 'breaks');
    expect(total).toBe(42n);
  });

  const afterBreak = async (usage: object) => {
    const choices = [{ delta: { content: 'lots of text' } }];
    const events = `data: ${JSON.stringify({ choices, usage })}\n\n`;
    const { steps, total } = await callOnce(200, events, 'text/event-stream', 'breaks');
    return [steps.at(-1), total];
  };

  it('I3: is charged in full when a stream breaks that has stated zeros', async () => {
    const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    expect(await afterBreak(usage)).toEqual([['done', 0n, HOLD], HOLD]);
  });

  it('I3: is charged in full when a stream breaks that has stated what was used so far', async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 1, total_tokens: 31 };
    expect(await afterBreak(usage)).toEqual([['done', 0n, HOLD], HOLD]);
  });

  it('I3: is charged in full when nobody knows what was used', async () => {
    const { steps, total } = await callOnce(500, { error: { message: 'overloaded' } });
    expect([steps.at(-1), total]).toEqual([['done', 0n, HOLD], HOLD]);
  });

  it('is freed without a charge when the provider says by its status that it bills nothing', async () => {
    const { steps, total } = await callOnce(429, { error: { message: 'slow down' } });
    expect([steps.at(-1), total]).toEqual([['done', 0n, 0n], 0n]);
  });
});

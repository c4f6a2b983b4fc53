/** The bill outlives its process: what the oracle says must not depend on how the process ended. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  chatBody,
  eventually,
  type Fixture,
  post,
  startFixture,
} from '../testing/simulator-fixture.ts';
import type { BillLine } from './bill-line.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture();
});
afterEach(() => fixture.remove());

async function call(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const id = randomUUID();
  const answer = await post(fixture.simulator, chatBody({}, more), { 'x-client-request-id': id });
  expect(await answer.text()).toContain('prompt_tokens');
  return id;
}

/** Whether the bill file has the attempt's line at the moment when usage reaches the client. */
function billedWhenUsageArrives(
  body: string,
  path = '/v1/chat/completions',
  finalUsage = 'prompt_tokens',
): Promise<boolean> {
  const id = randomUUID();
  const { url, billPath } = fixture.simulator;
  const headers = {
    ...{ authorization: 'Bearer any-key', 'x-client-request-id': id },
    'anthropic-version': '2023-06-01',
  };
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const sent = request(`${url}${path}`, { method: 'POST', headers }, (response) => {
    let billed: boolean | undefined;
    response.on('data', (bytes: Buffer) => {
      if (bytes.includes(finalUsage)) billed ??= readFileSync(billPath).includes(id);
    });
    response.on('end', () => {
      if (billed === undefined) reject(new Error('the answer states no usage'));
      else resolve(billed);
    });
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

describe('the bill', () => {
  it.each([
    ['JSON', {}],
    ['streamed', { stream: true, stream_options: { include_usage: true } }],
  ])('I9: has the line before the usage of a %s answer can be read', async (_, more) => {
    const body = chatBody({ sim_output_tokens: '1' }, more);
    const workers = Array.from({ length: 8 }, async () => {
      const seen: boolean[] = [];
      for (let i = 0; i < 40; i += 1) seen.push(await billedWhenUsageArrives(body));
      return seen;
    });
    const seen = (await Promise.all(workers)).flat();
    expect(seen.filter((billed) => !billed)).toEqual([]);
    expect(seen).toHaveLength(320);
  });

  const turn = [{ role: 'user', content: 'Say something.' }];
  const message = { model: 'sim-claude', max_tokens: 9, messages: turn, stream: true };
  const response = { model: 'sim-large', input: 'Say something.', stream: true };
  const content = { contents: [{ role: 'user', parts: [{ text: 'Say something.' }] }] };
  it.each([
    ['/v1/messages', message, 'message_delta'],
    ['/v1/responses', response, 'total_tokens'],
    ['/v1beta/models/sim-gemini:streamGenerateContent', content, 'finishReason'],
  ])(
    'I9: has the line before the last usage of a stream of %s can be read',
    async (path, body, last) => {
      const text = JSON.stringify(body);
      const workers = Array.from({ length: 8 }, async () => {
        const seen: boolean[] = [];
        for (let i = 0; i < 10; i += 1) seen.push(await billedWhenUsageArrives(text, path, last));
        return seen;
      });
      const seen = (await Promise.all(workers)).flat();
      expect(seen.filter((billed) => !billed)).toEqual([]);
      expect(seen).toHaveLength(80);
    },
  );

  it.each([
    ['JSON', {}],
    ['streamed', { stream: true, stream_options: { include_usage: true } }],
  ])('I9: has every %s answer whose usage was read, after a kill -9 amid many', async (_, more) => {
    const answered = new Set<string>();
    const work = Array.from({ length: 16 }, async () => {
      for (;;) answered.add(await call(more));
    });
    const ended = Promise.allSettled(work);
    await eventually(async () => (answered.size >= 100 ? true : undefined), 20_000);
    await fixture.simulator.kill('SIGKILL');
    await ended;
    const ids = (await fixture.simulator.bill()).map((line) => line.attempt_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...answered].filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('is continued by a restart, and a torn last line is dropped', async () => {
    await call();
    await call();
    await fixture.simulator.stop();
    await appendFile(fixture.simulator.billPath, '{"seq":3,"time":"2026-');
    await fixture.restart();
    await call();
    const { url } = fixture.simulator;
    const tail = await (await fetch(`${url}/sim/bill?from_seq=3`)).text();
    const all = await (await fetch(`${url}/sim/bill`)).text();
    const summary = await (await fetch(`${url}/sim/bill/summary`)).json();
    expect(all).toBe(await readFile(fixture.simulator.billPath, 'utf8'));
    expect((JSON.parse(tail) as BillLine).seq).toBe(3);
    expect((await fixture.simulator.bill()).map((line) => line.seq)).toEqual([1, 2, 3]);
    expect(summary).toMatchObject({ calls: 3, models: [{ model: 'sim-small', calls: 3 }] });
  });

  it('is not continued when a line before the last is damaged', async () => {
    await call();
    await call();
    await fixture.simulator.stop();
    const path = fixture.simulator.billPath;
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('{"seq":1,', '{"seq":1'));
    await expect(fixture.restart()).rejects.toThrow(/line 1 is damaged/);
  });

  it('is complete after SIGTERM, which lets running calls end and drops stalled ones', async () => {
    const slow = post(fixture.simulator, chatBody({ sim_latency_ms: '300' }));
    const stalled = post(fixture.simulator, chatBody({ sim_fault: 'stall_after:50' }));
    const stalledText = stalled.then((answer) => answer.text()).catch(() => 'broken');
    await eventually(async () => {
      const status = await fetch(`${fixture.simulator.url}/sim/status`);
      const { calls_in_flight: calls } = (await status.json()) as { calls_in_flight: number };
      return calls === 2 ? true : undefined;
    });
    await fixture.simulator.stop();
    expect((await slow).status).toBe(200);
    expect(await stalledText).toBe('broken');
    const outcomes = (await fixture.simulator.bill()).map((line) => line.outcome);
    expect(outcomes.sort()).toEqual(['complete', 'fault']);
  });
});

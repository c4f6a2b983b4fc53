/** The bill outlives its process: what the oracle says must not depend on how it ended. */
import { randomUUID } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
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

async function call(): Promise<string> {
  const id = randomUUID();
  const answer = await post(fixture.simulator, chatBody(), { 'x-client-request-id': id });
  await answer.text();
  return id;
}

describe('the bill', () => {
  it('has every answered attempt after a kill -9 in the midst of many', async () => {
    const answered = new Set<string>();
    const work = Array.from({ length: 16 }, async () => {
      for (;;) answered.add(await call());
    });
    const ended = Promise.allSettled(work);
    await eventually(async () => (answered.size >= 100 ? true : undefined), 20_000);
    await fixture.simulator.kill('SIGKILL');
    await ended;
    const ids = (await fixture.simulator.bill()).map((line) => line.attempt_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...answered].filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('has the line before the usage of a stream can be read', async () => {
    const body = chatBody({}, { stream: true, stream_options: { include_usage: true } });
    const answer = await post(fixture.simulator, body, { 'x-client-request-id': 'streamed' });
    const decoder = new TextDecoder();
    for await (const bytes of answer.body ?? []) {
      if (decoder.decode(bytes).includes('prompt_tokens')) break;
    }
    await fixture.simulator.kill('SIGKILL');
    const lines = await fixture.simulator.bill();
    expect(lines.map((line) => line.attempt_id)).toEqual(['streamed']);
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

  it('is complete after SIGTERM, which lets running calls end and stalled ones go', async () => {
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

/** Every fault has the stated effect, on the client and on the bill. */
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BillLine } from './bill/bill-line.ts';
import {
  chatBody,
  eventually,
  type Fixture,
  post,
  startFixture,
} from './testing/simulator-fixture.ts';

let fixture: Fixture;
let billed = 0;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.remove());
afterEach(async () => {
  // A line of the bill can be read before its call is over: the next test must not take that call
  // for its own.
  await eventually(async () => ((await callsInFlight()) === 0 ? true : undefined));
  billed = (await fixture.simulator.bill()).length;
});

async function callsInFlight(): Promise<number> {
  const status = await fetch(`${fixture.simulator.url}/sim/status`);
  return ((await status.json()) as { calls_in_flight: number }).calls_in_flight;
}

/** What was charged since the last test. */
async function charged(): Promise<Pick<BillLine, 'output_tokens' | 'outcome'>[]> {
  const lines = (await fixture.simulator.bill()).slice(billed);
  return lines.map(({ output_tokens, outcome }) => ({ output_tokens, outcome }));
}

function steered(fault: string, more: Record<string, unknown> = {}): string {
  return chatBody({ sim_fault: fault, sim_output_tokens: '40' }, more);
}

/** Sends a call and gathers body bytes until the answer ends, breaks off, or contains `enough`. */
function gather(body: string, enough = Number.POSITIVE_INFINITY) {
  const { promise, resolve } = Promise.withResolvers<{ bytes: number; ending: string }>();
  const headers = { authorization: 'Bearer any-key' };
  const url = `${fixture.simulator.url}/v1/chat/completions`;
  let bytes = 0;
  const call = request(url, { method: 'POST', headers }, (response) => {
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes >= enough) resolve({ bytes, ending: 'enough' });
    });
    response.on('end', () => resolve({ bytes, ending: 'end' }));
    response.on('error', (error) => resolve({ bytes, ending: error.message }));
  });
  call.on('error', (error: NodeJS.ErrnoException) => resolve({ bytes, ending: `${error.code}` }));
  call.end(body);
  return { over: promise, hangUp: () => call.destroy() };
}

describe('a steered fault', () => {
  it.each([429, 500, 502, 503, 504, 529])(
    'status_%i answers it and charges nothing',
    async (status) => {
      const answer = await post(fixture.simulator, steered(`status_${status}`));
      expect(answer.status).toBe(status);
      expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
      expect(await answer.json()).toHaveProperty('error.message');
      expect(await charged()).toEqual([]);
    },
  );

  it('status_500 with bill_on_fault, and bill_then_500, charge in full and fail', async () => {
    const body = chatBody({
      sim_fault: 'status_500',
      sim_bill_on_fault: '1',
      sim_output_tokens: '40',
    });
    const answers = [
      await post(fixture.simulator, body),
      await post(fixture.simulator, steered('bill_then_500')),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([500, 500]);
    const line = { output_tokens: 40, outcome: 'fault' };
    expect(await charged()).toEqual([line, line]);
  });

  it.each([false, true])('reset_after breaks off after its bytes (stream: %s)', async (stream) => {
    const { bytes, ending } = await gather(steered('reset_after:100', { stream })).over;
    expect(bytes).toBeLessThanOrEqual(100);
    expect(ending).not.toBe('end');
    expect(await charged()).toEqual([{ output_tokens: 40, outcome: 'fault' }]);
  });

  it('reset_after:0 breaks off before the status line', async () => {
    expect(await gather(steered('reset_after:0')).over).toEqual({
      bytes: 0,
      ending: 'ECONNRESET',
    });
    expect(await charged()).toEqual([{ output_tokens: 40, outcome: 'fault' }]);
  });

  it('reset_after in the closing events of a stream still charges once, in full', async () => {
    const whole = await (await post(fixture.simulator, steered('huge:0', { stream: true }))).text();
    const body = steered(`reset_after:${whole.length - 3}`, { stream: true });
    expect((await gather(body).over).ending).not.toBe('end');
    expect(await charged()).toEqual([
      { output_tokens: 40, outcome: 'complete' },
      { output_tokens: 40, outcome: 'fault' },
    ]);
  });

  it('reset_after beyond the end of the answer has no effect', async () => {
    const { ending } = await gather(steered('reset_after:9999999', { stream: true })).over;
    expect(ending).toBe('end');
    expect(await charged()).toEqual([{ output_tokens: 40, outcome: 'complete' }]);
  });

  it.each([false, true])('stall_after sends its bytes and no more (stream: %s)', async (stream) => {
    const call = gather(steered('stall_after:120', { stream }), 120);
    expect(await call.over).toEqual({ bytes: 120, ending: 'enough' });
    expect(await charged()).toEqual([{ output_tokens: 40, outcome: 'fault' }]);
    expect(await callsInFlight()).toBe(1);
    call.hangUp();
    await eventually(async () => ((await callsInFlight()) === 0 ? true : undefined));
    expect(await charged()).toHaveLength(1);
  });

  it('usage_missing answers everything but the usage, and charges it', async () => {
    const options = { stream: true, stream_options: { include_usage: true } };
    const json = await (await post(fixture.simulator, steered('usage_missing'))).json();
    const sse = await (await post(fixture.simulator, steered('usage_missing', options))).text();
    expect(json).not.toHaveProperty('usage');
    expect(sse).not.toContain('prompt_tokens');
    expect(sse.endsWith('data: [DONE]\n\n')).toBe(true);
    const line = { output_tokens: 40, outcome: 'fault' };
    expect(await charged()).toEqual([line, line]);
  });

  it.each([false, true])(
    'usage_twice states usage twice, and charges once (stream: %s)',
    async (stream) => {
      const options = stream ? { stream, stream_options: { include_usage: true } } : {};
      const text = await (await post(fixture.simulator, steered('usage_twice', options))).text();
      expect(text.match(/"completion_tokens":\d+/g)).toEqual([
        `"completion_tokens":${stream ? 4 : 40}`,
        '"completion_tokens":40',
      ]);
      expect(await charged()).toEqual([{ output_tokens: 40, outcome: 'complete' }]);
    },
  );

  it.each([false, true])(
    'error_after charges what was generated by then (stream: %s)',
    async (stream) => {
      const answer = await post(fixture.simulator, steered('error_after:12', { stream }));
      const text = await answer.text();
      expect(answer.status).toBe(stream ? 200 : 500);
      expect(text).toContain('"error":{');
      expect(text).not.toContain('[DONE]');
      expect(await charged()).toEqual([{ output_tokens: 12, outcome: 'fault' }]);
    },
  );

  it('malformed_sse has one event that is no JSON, and goes on to the usage', async () => {
    const options = { stream: true, stream_options: { include_usage: true } };
    const sse = await (await post(fixture.simulator, steered('malformed_sse', options))).text();
    const isBroken = (event: string) => {
      try {
        JSON.parse(event.slice('data: '.length));
        return false;
      } catch {
        return true;
      }
    };
    const events = sse.split('\n\n').filter((event) => event !== '');
    expect(events.filter(isBroken)).toHaveLength(2); // The broken one and [DONE].
    expect(events.at(-2)).toContain('"completion_tokens":40');
    expect(await charged()).toEqual([{ output_tokens: 40, outcome: 'fault' }]);
  });

  it.each([false, true])('huge answers at least its bytes (stream: %s)', async (stream) => {
    const { bytes, ending } = await gather(steered('huge:3000000', { stream })).over;
    expect(bytes).toBeGreaterThanOrEqual(3_000_000);
    expect(ending).toBe('end');
    expect(await charged()).toEqual([{ output_tokens: 40, outcome: 'complete' }]);
  });

  it('can be set for the next calls: two fail, the third is answered', async () => {
    const knobs = (method: string, body?: string) =>
      fetch(`${fixture.simulator.url}/sim/knobs`, { method, ...(body ? { body } : {}) });
    await knobs('POST', '{"fault":"status_503","fault_count":2}');
    const statuses = [];
    for (let i = 0; i < 3; i += 1) {
      statuses.push((await post(fixture.simulator, chatBody())).status);
    }
    expect(statuses).toEqual([503, 503, 200]);
    expect(await (await knobs('GET')).json()).toEqual({ fault: 'status_503', fault_count: 0 });
    expect(await (await knobs('DELETE')).json()).toEqual({});
  });

  // A stream stops generating when its reader leaves; a JSON answer is generated to its end.
  it.each([
    { stream: false, paid: 40 },
    { stream: true, paid: 0 },
  ])('a hang-up before the first token pays as documented: %j', async ({ stream, paid }) => {
    const metadata = { sim_latency_ms: '5000', sim_output_tokens: '40' };
    const call = gather(chatBody(metadata, { stream }));
    await eventually(async () => ((await callsInFlight()) === 1 ? true : undefined));
    call.hangUp();
    await eventually(async () => ((await charged()).length === 1 ? true : undefined));
    expect(await charged()).toEqual([{ output_tokens: paid, outcome: 'client_aborted' }]);
  });
});

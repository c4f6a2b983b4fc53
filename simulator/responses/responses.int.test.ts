/** The official SDK judges the dialect; the bill is compared with what the SDK received. */
import OpenAI from 'openai';
import type {
  Response,
  ResponseCreateParamsNonStreaming,
} from 'openai/resources/responses/responses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BillLine } from '../bill/bill-line.ts';
import {
  billOf,
  eventually,
  type Fixture,
  sdk,
  startFixture,
} from '../testing/simulator-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.remove());

type Params = Omit<ResponseCreateParamsNonStreaming, 'stream' | 'truncation'>;
const asked: Params = { model: 'sim-large', input: 'How much is the fish?' };

let calls = 0;
const responses = () => sdk(fixture.simulator).responses;

function nextCall() {
  calls += 1;
  const id = `responses-${calls}`;
  return { id, options: { headers: { 'x-client-request-id': id } } };
}

/** One call, streamed or not, and its line of the bill. */
async function call(streams: boolean, more: Partial<Params>) {
  const { id, options } = nextCall();
  const params = { ...asked, ...more };
  const response: Response = streams
    ? await responses().stream(params, options).finalResponse()
    : await responses().create(params, options);
  return { response, line: (await billOf(fixture.simulator, id)) as BillLine };
}

const chargedTokens = (lines: readonly BillLine[]) =>
  lines.map(({ output_tokens, outcome }) => [output_tokens, outcome]);

describe.each([false, true])('the simulator, used through responses (stream: %s)', (streams) => {
  it('answers a response whose usage is the bill, cached and reasoning included', async () => {
    const { response, line } = await call(streams, {
      model: 'sim-reasoner',
      reasoning: { effort: 'low', summary: 'auto' },
      metadata: {
        ...{ sim_input_tokens: '60', sim_cached_tokens: '10', sim_cache_write_tokens: '20' },
        ...{ sim_reasoning_tokens: '5', sim_output_tokens: '7' },
      },
    });
    expect(response.status).toBe('completed');
    expect(response.output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
    expect(response.output_text.split(' ').filter((word) => word !== '')).toHaveLength(7);
    expect(response.usage).toEqual({
      input_tokens: 60,
      input_tokens_details: { cached_tokens: 10, cache_write_tokens: 20 },
      output_tokens: 12,
      output_tokens_details: { reasoning_tokens: 5 },
      total_tokens: 72,
    });
    // 50 × 1.10 + 10 × 0.275 + 12 × 4.40 = 110.55 millionths.
    expect(line).toMatchObject({
      ...{ input_tokens: 30, cache_read_tokens: 10, cache_write_tokens: 20 },
      ...{ output_tokens: 7, reasoning_tokens: 5, cost: '0.000110550000', outcome: 'complete' },
    });
  });

  it('calls a declared function, and ends when its output comes', async () => {
    const parameters = {
      ...{ type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      additionalProperties: false,
    };
    const tools = [{ type: 'function' as const, name: 'get_weather', parameters, strict: true }];
    const first = await call(streams, { tools });
    const made = first.response.output.find((item) => item.type === 'function_call');
    if (made?.type !== 'function_call') throw new Error('no function was called');
    expect(JSON.parse(made.arguments)).toHaveProperty('city');
    const output = { type: 'function_call_output' as const, call_id: made.call_id, output: 'rain' };
    const more = { tools, input: [output], previous_response_id: first.response.id };
    const second = await call(streams, more);
    expect(second.response.output_text).toContain('rain');
    expect(second.line.input_tokens).toBeGreaterThan(first.line.input_tokens);
  });

  it('calls a tool whose input is free text', async () => {
    const tools = [{ type: 'custom' as const, name: 'apply_patch' }];
    const { response } = await call(streams, { tools });
    expect(response.output).toMatchObject([
      { type: 'custom_tool_call', name: 'apply_patch', input: expect.stringMatching(/./) },
    ]);
  });

  it('ends incomplete at its limit, with its usage', async () => {
    const more = { max_output_tokens: 16, metadata: { sim_output_tokens: '20' } };
    const { response, line } = await call(streams, more);
    expect(response).toMatchObject({
      ...{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      usage: { output_tokens: 16 },
    });
    expect(line).toMatchObject({ output_tokens: 16, outcome: 'complete' });
  });

  it('searches where the request offers it, fills a schema, and serves the tier it asks for', async () => {
    const schema = {
      ...{ type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
      additionalProperties: false,
    };
    const { response, line } = await call(streams, {
      tools: [{ type: 'web_search' }],
      text: { format: { type: 'json_schema', name: 'answer', schema, strict: true } },
      service_tier: 'priority',
      metadata: { sim_input_tokens: '40', sim_output_tokens: '10' },
    });
    expect(response.output.map(({ type }) => type)).toEqual(['web_search_call', 'message']);
    expect(JSON.parse(response.output_text)).toHaveProperty('ok');
    expect(response).toMatchObject({
      ...{ service_tier: 'priority', tool_usage: { web_search: { num_requests: 1 } } },
    });
    // (40 × 2.50 + 10 × 10) × 1.75 = 350 millionths, and a cent for the search.
    expect(line).toMatchObject({ searches: 1, service_tier: 'priority', cost: '0.010350000000' });
  });

  it('charges what was generated when it fails midway', async () => {
    const before = (await fixture.simulator.bill()).length;
    const metadata = { sim_fault: 'error_after:4', sim_output_tokens: '12' };
    if (streams) {
      const { response } = await call(true, { metadata });
      expect(response).toMatchObject({ status: 'failed', usage: { output_tokens: 4 } });
    } else {
      await expect(call(false, { metadata })).rejects.toThrow(OpenAI.InternalServerError);
    }
    const lines = (await fixture.simulator.bill()).slice(before);
    expect(chargedTokens(lines)).toEqual([[4, 'fault']]);
  });
});

describe('the simulator with responses', () => {
  it('generates in the background, charges at the end, and can be asked for it', async () => {
    const { id, options } = nextCall();
    const metadata = { sim_latency_ms: '100', sim_output_tokens: '9' };
    const queued = await responses().create({ ...asked, background: true, metadata }, options);
    expect(queued).toMatchObject({ status: 'queued', usage: null, output: [] });
    expect(await billOf(fixture.simulator, id)).toBeUndefined();
    const over = await eventually(async () => {
      const found = await responses().retrieve(queued.id);
      return found.status === 'completed' ? found : undefined;
    });
    expect(over.usage?.output_tokens).toBe(9);
    expect(await billOf(fixture.simulator, id)).toMatchObject({ output_tokens: 9 });
  });

  it('cancels what runs in the background, and charges the input', async () => {
    const { id, options } = nextCall();
    const metadata = { sim_latency_ms: '60000', sim_input_tokens: '11' };
    const queued = await responses().create({ ...asked, background: true, metadata }, options);
    expect(await responses().cancel(queued.id)).toMatchObject({ status: 'cancelled', usage: null });
    expect(await billOf(fixture.simulator, id)).toMatchObject({
      ...{ input_tokens: 11, output_tokens: 0, outcome: 'client_aborted' },
    });
  });

  it('counts an input free of charge, and forgets what is deleted', async () => {
    const { response } = await call(false, {});
    const before = (await fixture.simulator.bill()).length;
    expect(await responses().inputTokens.count(asked)).toMatchObject({ input_tokens: 6 });
    expect(await responses().retrieve(response.id)).toMatchObject({ usage: response.usage });
    await responses().delete(response.id);
    await expect(responses().retrieve(response.id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(call(false, { max_output_tokens: 1 })).rejects.toThrow(OpenAI.BadRequestError);
    expect(await fixture.simulator.bill()).toHaveLength(before);
  });
});

/** Anthropic's official SDK judges the dialect; the bill is compared with what the SDK received. */
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BillLine } from '../bill/bill-line.ts';
import { billOf, eventually, type Fixture, startFixture } from '../testing/simulator-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.remove());

type Params = Anthropic.MessageCreateParamsNonStreaming;
const asked: Params = {
  model: 'sim-claude',
  max_tokens: 4_000,
  messages: [{ role: 'user', content: 'How much is the fish?' }],
};

let calls = 0;
function sdk(): Anthropic {
  const { url: baseURL } = fixture.simulator;
  return new Anthropic({ baseURL, apiKey: 'any-key', maxRetries: 0 });
}

/** One call, streamed or not, and its line of the bill. */
async function call(streams: boolean, more: Partial<Params>, knobs: Record<string, string> = {}) {
  calls += 1;
  const id = `anthropic-${calls}`;
  const steering = Object.entries(knobs).map(([name, value]) => [`x-sim-${name}`, value]);
  const options = { headers: { 'x-client-request-id': id, ...Object.fromEntries(steering) } };
  const params = { ...asked, ...more };
  const message = streams
    ? await sdk().messages.stream(params, options).finalMessage()
    : await sdk().messages.create(params, options);
  return { message, line: (await billOf(fixture.simulator, id)) as BillLine };
}

describe.each([false, true])(
  'the simulator, used through @anthropic-ai/sdk (stream: %s)',
  (streams) => {
    it('answers a message whose usage is the bill, with writes for both times and thinking', async () => {
      const knobs = {
        ...{ 'input-tokens': '90', 'cached-tokens': '10', 'cache-write-tokens': '20' },
        ...{ 'cache-write-1h-tokens': '30', 'reasoning-tokens': '5', 'output-tokens': '7' },
      };
      const thinking = { type: 'enabled', budget_tokens: 1_024 } as const;
      const { message, line } = await call(streams, { thinking }, knobs);
      expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
      expect(message.stop_reason).toBe('end_turn');
      expect(message.usage).toMatchObject({
        ...{ input_tokens: 30, cache_read_input_tokens: 10, cache_creation_input_tokens: 50 },
        cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
        ...{ output_tokens: 12, output_tokens_details: { thinking_tokens: 5 } },
      });
      // 30 × 3 + 10 × 0.30 + 20 × 3.75 + 30 × 6 + 12 × 15 = 528 millionths.
      expect(line).toMatchObject({
        ...{ input_tokens: 30, cache_read_tokens: 10, cache_write_tokens: 20 },
        ...{ cache_write_1h_tokens: 30, output_tokens: 12, reasoning_tokens: 0 },
        ...{ cost: '0.000528000000', outcome: 'complete', endpoint: '/v1/messages' },
      });
    });

    it('calls a declared tool, and ends when its result comes', async () => {
      const properties = { city: { type: 'string' }, days: { type: 'integer', minimum: 1 } };
      const input_schema = { type: 'object' as const, properties, required: ['city', 'days'] };
      const tools = [{ name: 'get_weather', input_schema }];
      const first = await call(streams, { tools });
      expect(first.message.stop_reason).toBe('tool_use');
      const [use] = first.message.content;
      if (use?.type !== 'tool_use') throw new Error('no tool was called');
      expect(use).toMatchObject({ name: 'get_weather', input: { city: expect.any(String) } });
      const result = { type: 'tool_result' as const, tool_use_id: use.id, content: 'rain' };
      const messages = [
        ...asked.messages,
        { role: 'assistant' as const, content: first.message.content },
        { role: 'user' as const, content: [result] },
      ];
      const second = await call(streams, { tools, messages });
      expect(second.message.content).toMatchObject([
        { type: 'text', text: expect.stringMatching('rain') },
      ]);
      expect(second.message.stop_reason).toBe('end_turn');
    });

    it('searches where the request offers it, and charges the search', async () => {
      const tools = [{ type: 'web_search_20250305' as const, name: 'web_search' as const }];
      const { message, line } = await call(streams, { tools }, { 'input-tokens': '101' });
      const types = message.content.map(({ type }) => type);
      expect(types).toEqual(['server_tool_use', 'web_search_tool_result', 'text']);
      expect(message.usage).toMatchObject({
        input_tokens: 101,
        server_tool_use: { web_search_requests: 1 },
      });
      expect(line).toMatchObject({ input_tokens: 101, searches: 1 });
    });

    it('fills the schema of an answer', async () => {
      const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
      const output_config = { format: { type: 'json_schema' as const, schema } };
      const { message } = await call(streams, { output_config });
      const [text] = message.content;
      expect(JSON.parse(text?.type === 'text' ? text.text : '')).toHaveProperty('ok');
    });

    it('reads in the second turn of a conversation what the first one wrote', async () => {
      const system = [
        {
          type: 'text' as const,
          text: 'word '.repeat(1_000),
          cache_control: { type: 'ephemeral' as const },
        },
      ];
      const first = await call(streams, { system });
      const next = (role: 'assistant' | 'user') => ({ role, content: 'more' });
      const messages = [...asked.messages, next('assistant'), next('user')];
      const second = await call(streams, { system, messages });
      expect(first.line).toMatchObject({ cache_read_tokens: 0, cache_write_tokens: 1_250 });
      expect(second.line).toMatchObject({ cache_read_tokens: 1_250 });
      expect(second.line).not.toHaveProperty('cache_write_tokens');
    });

    it.each([
      ['status-code-before', 'status_529', Anthropic.InternalServerError, 0],
      ['midway', 'error_after:4', /verloaded|error/, 4],
    ] as const)('fails %s, and charges what was generated', async (_, fault, error, paid) => {
      const before = (await fixture.simulator.bill()).length;
      const knobs = { fault, 'output-tokens': '12' };
      await expect(call(streams, {}, knobs)).rejects.toThrow(error);
      const lines = (await fixture.simulator.bill()).slice(before);
      expect(lines.map(({ output_tokens }) => output_tokens)).toEqual(paid === 0 ? [] : [paid]);
    });
  },
);

describe('the simulator as Anthropic', () => {
  it('charges a client that hangs up for what was generated by then', async () => {
    const headers = {
      ...{ 'x-client-request-id': 'anthropic-abort', 'x-sim-output-tokens': '2000' },
      ...{ 'x-sim-chunk-tokens': '1', 'x-sim-token-pace-ms': '5' },
    };
    const stream = sdk().messages.stream(asked, { headers });
    stream.on('text', () => stream.abort());
    await expect(stream.finalMessage()).rejects.toThrow(Anthropic.APIUserAbortError);
    const line = await eventually(() => billOf(fixture.simulator, 'anthropic-abort'));
    expect(line.outcome).toBe('client_aborted');
    expect(line.output_tokens).toBeGreaterThanOrEqual(1);
    expect(line.output_tokens).toBeLessThan(2_000);
  });

  it('counts tokens and lists models free of charge', async () => {
    const before = (await fixture.simulator.bill()).length;
    const counted = await sdk().messages.countTokens({
      model: 'sim-claude',
      messages: asked.messages,
    });
    expect(counted).toEqual({ input_tokens: 6 });
    const listed = await Array.fromAsync(sdk().models.list(), ({ id }) => id);
    expect(listed).toContain('sim-claude');
    expect(await sdk().models.retrieve('sim-claude')).toMatchObject({ type: 'model' });
    expect(await fixture.simulator.bill()).toHaveLength(before);
  });

  it('refuses in the shapes that the SDK knows, and bills no refusal', async () => {
    const before = (await fixture.simulator.bill()).length;
    await expect(call(false, { model: 'none' })).rejects.toThrow(Anthropic.NotFoundError);
    await expect(call(false, { model: 'sim-small', max_tokens: 16_385 })).rejects.toThrow(
      Anthropic.BadRequestError,
    );
    await expect(call(false, { messages: [] })).rejects.toThrow(/invalid_request_error/);
    const url = `${fixture.simulator.url}/v1/messages`;
    const anonymous = await fetch(url, { method: 'POST', body: '{}' });
    expect([anonymous.status, await anonymous.json()]).toMatchObject([
      401,
      { type: 'error', error: { type: 'authentication_error' } },
    ]);
    expect(anonymous.headers.get('request-id')).toMatch(/^req_/);
    expect(await fixture.simulator.bill()).toHaveLength(before);
  });
});

/**
 * A conversation as coding agents have it, without the agents: dozens of turns with tools, writes to a cache
 * and reads of it, counts of tokens, and streams side by side; by the provider's own bill.
 */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ClientHouse, openClientHouse } from '../clients/house.ts';

const TURNS = 24;
const schema = {
  type: 'object' as const,
  properties: { path: { type: 'string' as const } },
  required: ['path'],
};
/** Long enough to be worth a cache. */
const SYSTEM = 'You are careful with files, and say what you do. '.repeat(120);

let house: ClientHouse;
beforeAll(async () => {
  house = await openClientHouse();
});
afterAll(() => house.close());

async function byMessages(): Promise<{ turns: number; read: number; written: number }> {
  const { url, budgeted: apiKey } = house.gate;
  const { messages } = new Anthropic({ baseURL: url, apiKey });
  const cache_control = { type: 'ephemeral' as const };
  const system = [{ type: 'text' as const, text: SYSTEM, cache_control }];
  const tools = [{ name: 'read_file', description: 'Read a file', input_schema: schema }];
  const asked = { model: 'sim-claude', max_tokens: 400, system, tools };
  const turns: Anthropic.MessageParam[] = [];
  const cached = { turns: 0, read: 0, written: 0 };
  while (cached.turns < TURNS) {
    turns.push({ role: 'user', content: [{ type: 'text', text: 'read file', cache_control }] });
    for (let answered = false; !answered; cached.turns++) {
      const { input_tokens } = await messages.countTokens({
        ...{ model: 'sim-claude', system, tools, messages: turns },
      });
      expect(input_tokens).toBeGreaterThan(0);
      const { content, usage } = await messages
        .stream({ ...asked, messages: turns })
        .finalMessage();
      cached.read += usage.cache_read_input_tokens ?? 0;
      cached.written += usage.cache_creation_input_tokens ?? 0;
      turns.push({ role: 'assistant', content });
      const use = content.find((block) => block.type === 'tool_use');
      answered = use === undefined;
      if (use === undefined) continue;
      const result = { type: 'tool_result' as const, tool_use_id: use.id, content: 'its lines' };
      turns.push({ role: 'user', content: [result] });
    }
  }
  return cached;
}

async function byResponses(): Promise<{ turns: number; tools: number }> {
  const { url, budgeted: apiKey } = house.gate;
  const { responses } = new OpenAI({ baseURL: `${url}/v1`, apiKey });
  const tools = [
    { type: 'function' as const, name: 'read_file', parameters: schema, strict: false },
  ];
  const input: OpenAI.Responses.ResponseInputItem[] = [];
  const seen = { turns: 0, tools: 0 };
  while (seen.turns < TURNS) {
    input.push({ role: 'user', content: 'read file' });
    for (let answered = false; !answered; seen.turns++) {
      const asked = { model: 'sim-small', instructions: SYSTEM, input, tools, store: false };
      const { output } = await responses.stream(asked).finalResponse();
      input.push(...(output as OpenAI.Responses.ResponseInputItem[]));
      const call = output.find((item) => item.type === 'function_call');
      answered = call === undefined;
      if (call === undefined) continue;
      seen.tools++;
      const { call_id } = call;
      input.push({ type: 'function_call_output', call_id, output: 'its lines' });
    }
  }
  return seen;
}

it('I1, I3, I8: is billed turn by turn, however many of them run side by side', async () => {
  const [one, two, three] = await Promise.all([byMessages(), byMessages(), byResponses()]);
  for (const { turns, read, written } of [one, two]) {
    expect(turns).toBeGreaterThanOrEqual(TURNS);
    expect([read > 0, written > 0]).toEqual([true, true]);
  }
  expect(three.tools).toBeGreaterThanOrEqual(TURNS / 2);
  const { calls, unknown, billed, events } = await house.figures();
  expect([calls, unknown]).toEqual([one.turns + two.turns + three.turns, 0]);
  expect(events).toBe(billed);
});

/**
 * Official SDKs of each dialect through proxies whose providers speak another one alone: what each client is
 * told, what is metered and what the simulator bills are the same figures.
 */
import { anthropicSide } from '@tollgate/proxy/translate/testing/anthropic-side.ts';
import { geminiSide } from '@tollgate/proxy/translate/testing/gemini-side.ts';
import { openAiSide } from '@tollgate/proxy/translate/testing/openai-side.ts';
import { shapes } from '@tollgate/proxy/translate/testing/shapes.ts';
import type { Side, Told } from '@tollgate/proxy/translate/testing/side.ts';
import type { BillLine } from '@tollgate/simulator/bill/bill-line.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

const sides = [openAiSide, anthropicSide, geminiSide];
const asked = shapes.filter(({ name }) =>
  ['asks: a tool', 'asks: a call and its result'].includes(name),
);

let house: PlatformHouse;
const proxies = new Map<Side, string>();
let secret: string;
beforeAll(async () => {
  house = await openPlatform();
  const { url } = house.simulator;
  for (const side of sides) {
    const { dialect } = side.codec;
    const base = dialect === 'gemini' ? `${url}/v1beta` : `${url}/v1`;
    const { url: proxy } = await house.proxy(base, { dialects: new Set([dialect]) });
    proxies.set(side, proxy);
  }
  const key = await house.key(await house.customer());
  await house.budget(key.id, '100.000000000000');
  secret = key.secret;
});
afterAll(() => house.close());

/** The SDKs of the sides ask for the model `m` of `gate.test` with the key `tg_1`. */
const through = (proxy: string): typeof fetch => {
  // The SDK of Gemini has no other place for it: its own call must not come here again.
  const send = globalThis.fetch;
  return (input, init) => {
    const url = String(input)
      .replace('http://gate.test', proxy)
      .replace('/models/m:', '/models/sim-claude:');
    const headers = new Headers(init?.headers);
    for (const [name, value] of headers) headers.set(name, value.replace('tg_1', secret));
    const body = String(init?.body).replace('"model":"m"', '"model":"sim-claude"');
    return send(url, { ...init, headers, body });
  };
};

type Row = { id: string; endpoint: string; usage_source: string; cost: string } & Record<
  string,
  string
>;
const COLUMNS = ['input_tokens', 'cache_read_tokens', 'output_tokens', 'reasoning_tokens'] as const;

async function rowsOf(lines: readonly BillLine[]): Promise<Row[]> {
  const numbers = COLUMNS.map((name) => `toString(${name}) AS ${name}`).join(', ');
  let found: Row[] = [];
  await until('each line of the bill has its row', async () => {
    const rows = await house.warehouse.query<Row>(
      `SELECT id, endpoint, usage_source, toDecimalString(cost, 12) AS cost, ${numbers}
       FROM tollgate.usage_events WHERE type = 'attempt'`,
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    found = lines.flatMap((line) => byId.get(line.attempt_id ?? '') ?? []);
    return found.length === lines.length;
  });
  return found;
}

it('I1, I8: what a client is told, what is metered and what is billed are the same, in each pair', async () => {
  const calls: { endpoint: string; told: Told }[] = [];
  for (const from of sides) {
    for (const to of sides.filter((side) => side !== from)) {
      for (const shape of asked) {
        for (const isStream of [false, true]) {
          const told = await from.ask(shape, through(proxies.get(to) as string), isStream);
          calls.push({ endpoint: from.codec.endpoint(isStream), told });
        }
      }
    }
  }
  const lines = await house.simulator.bill();
  expect([calls.length, lines.length]).toEqual([24, 24]);
  expect(calls.filter(({ told }) => told.stop === 'calls').length).toBeGreaterThan(0);
  const rows = await rowsOf(lines);
  for (const [index, line] of lines.entries()) {
    const { endpoint, told } = calls[index] as (typeof calls)[number];
    const counts = Object.fromEntries(COLUMNS.map((name) => [name, String(line[name])]));
    expect(rows[index]).toMatchObject({
      ...counts,
      endpoint,
      usage_source: 'provider',
      cost: line.cost,
    });
    expect(told.usage).toEqual({
      inputTotal: line.input_tokens + line.cache_read_tokens + (line.cache_write_tokens ?? 0),
      cacheRead: line.cache_read_tokens,
      output: line.output_tokens + line.reasoning_tokens,
    });
  }
});

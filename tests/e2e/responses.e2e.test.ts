/**
 * OpenAI's official SDK through a proxy, with its Responses API, against the simulator's own bill: what is
 * called the provider's figure is the bill's, to the token and the pico-dollar.
 */
import type { BillLine } from '@tollgate/simulator/bill/bill-line.ts';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

type Event = Record<string, string | null> & { attempt_id: string; cost: string | null };

let house: PlatformHouse;
let client: OpenAI;
beforeAll(async () => {
  house = await openPlatform();
  const { url } = await house.proxy();
  const key = await house.key(await house.customer());
  await house.budget(key.id, '100.000000000000');
  client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key.secret, maxRetries: 0 });
});
afterAll(() => house.close());

async function ask(stream: boolean, model: string, knobs: Record<string, string>): Promise<void> {
  const steered = Object.entries(knobs).map(([name, value]) => [`sim_${name}`, value]);
  const asked = {
    ...{ model, input: 'How much is the fish?', max_output_tokens: 2_000 },
    metadata: Object.fromEntries(steered) as Record<string, string>,
  };
  if (stream) {
    for await (const _ of await client.responses.create({ ...asked, stream: true }));
  } else await client.responses.create(asked);
}

const COLUMNS = [
  'input_tokens',
  'cache_read_tokens',
  'output_tokens',
  'reasoning_tokens',
  'searches',
];

/** Of the attempts of these lines, once the projector has all of them. */
async function eventsOf(lines: readonly BillLine[]): Promise<Event[]> {
  const numbers = COLUMNS.map((name) => `toString(${name}) AS ${name}`).join(', ');
  let found: Event[] = [];
  await until('each line of the bill has its row', async () => {
    const rows = await house.warehouse.query<Event>(
      `SELECT id AS attempt_id, status, usage_source, endpoint, toDecimalString(cost, 12) AS cost,
       ${numbers} FROM tollgate.usage_events WHERE type = 'attempt'`,
    );
    const byId = new Map(rows.map((row) => [row.attempt_id, row]));
    found = lines.flatMap((line) => byId.get(line.attempt_id ?? '') ?? []);
    return found.length === lines.length;
  });
  return found;
}

function billed(line: BillLine): Record<string, string> {
  const counts = line as unknown as Record<string, number | undefined>;
  return {
    ...Object.fromEntries(COLUMNS.map((name) => [name, String(counts[name] ?? 0)])),
    cost: line.cost,
  };
}

describe.each([false, true])('the Responses API by the openai SDK (stream: %s)', (stream) => {
  it.each([
    ['a text', 'sim-small', {}],
    [
      'cached input and thoughts',
      'sim-reasoner',
      { input_tokens: '90', cached_tokens: '10', reasoning_tokens: '5', output_tokens: '7' },
    ],
    ['a total that is stated twice', 'sim-small', { fault: 'usage_twice' }],
  ])('I1, I8: %s is billed as the provider says', async (_, model, knobs) => {
    const before = (await house.simulator.bill()).length;
    await ask(stream, model, knobs);
    const [line] = (await house.simulator.bill()).slice(before) as [BillLine];
    expect(await eventsOf([line])).toMatchObject([
      { ...billed(line), status: 'ok', usage_source: 'provider', endpoint: 'responses' },
    ]);
  });

  it.each(['error_after:3', 'usage_missing', 'reset_after:300', 'malformed_sse', 'status_500'])(
    'I8: with %s nothing wrong is called the provider’s figure',
    async (fault) => {
      const before = (await house.simulator.bill()).length;
      await ask(stream, 'sim-small', { fault, output_tokens: '40' }).catch(() => undefined);
      const lines = (await house.simulator.bill()).slice(before);
      for (const [index, event] of (await eventsOf(lines)).entries()) {
        const line = lines[index] as BillLine;
        if (event['usage_source'] === 'provider') expect(event).toMatchObject(billed(line));
        else if (event['usage_source'] === 'none') expect(event).toMatchObject({ cost: null });
        else expect(event).toMatchObject({ usage_source: 'estimated', status: 'ok' });
      }
    },
  );
});

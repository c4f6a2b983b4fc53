/**
 * Anthropic's official SDK through a proxy, as it is, against the simulator's own bill: what is called the
 * provider's figure is the bill's, to the token and the pico-dollar, and what is not known is held.
 */
import Anthropic from '@anthropic-ai/sdk';
import type { BillLine } from '@tollgate/simulator/bill/bill-line.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

type Params = Anthropic.MessageCreateParamsNonStreaming;
type Event = Record<string, string | null> & { attempt_id: string; cost: string | null };

let house: PlatformHouse;
let url: string;
let secret: string;
beforeAll(async () => {
  house = await openPlatform();
  const dialects = new Set(['openai', 'anthropic'] as const);
  url = (await house.proxy(undefined, { dialects })).url;
  const key = await house.key(await house.customer());
  await house.budget(key.id, '100.000000000000');
  secret = key.secret;
});
afterAll(() => house.close());

const sdk = (apiKey = secret) => new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
const asked: Params = {
  model: 'sim-claude',
  max_tokens: 2_000,
  messages: [{ role: 'user', content: 'How much is the fish?' }],
};

/** As the simulator is steered, in the member that it reads. */
const steered = (knobs: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(knobs).map(([name, value]) => [`sim_${name}`, value]),
  ) as object;

async function ask(streams: boolean, more: Partial<Params> = {}, knobs = {}): Promise<void> {
  const params = { ...asked, ...more, metadata: { ...more.metadata, ...steered(knobs) } } as Params;
  if (streams) await sdk().messages.stream(params).finalMessage();
  else await sdk().messages.create(params);
}

const COLUMNS = [
  ...['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens'],
  ...['output_tokens', 'reasoning_tokens', 'searches'],
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

describe.each([false, true])('@anthropic-ai/sdk through the proxy (stream: %s)', (streams) => {
  it.each<[string, Partial<Params>, Record<string, string>]>([
    ['a message', {}, {}],
    [
      'writes for both times, reads and thinking',
      {
        thinking: { type: 'enabled', budget_tokens: 1_024 },
        cache_control: { type: 'ephemeral', ttl: '1h' },
      },
      {
        input_tokens: '90',
        cached_tokens: '10',
        cache_write_tokens: '20',
        cache_write_1h_tokens: '30',
        reasoning_tokens: '5',
        output_tokens: '7',
      },
    ],
    [
      'a tool',
      {
        tools: [
          {
            name: 'get_weather',
            input_schema: {
              type: 'object',
              properties: { city: { type: 'string' } },
              required: ['city'],
            },
          },
        ],
      },
      {},
    ],
    ['a total that is stated twice', {}, { fault: 'usage_twice' }],
    ['a tier of its own', {}, { service_tier: 'priority' }],
  ])('I1, I8: %s is billed as the provider says', async (_, more, knobs) => {
    const before = (await house.simulator.bill()).length;
    await ask(streams, more, knobs);
    const [line] = (await house.simulator.bill()).slice(before) as [BillLine];
    const [event] = await eventsOf([line]);
    const { cost, ...counts } = billed(line);
    // No list here has prices of a more expensive tier, and a price that is not known is no zero.
    const isPriced = knobs['service_tier'] === undefined;
    expect(event).toMatchObject({ ...counts, status: 'ok', usage_source: 'provider' });
    expect([event?.cost, event?.['endpoint']]).toEqual([isPriced ? cost : null, 'messages']);
  });

  it.each(['error_after:3', 'usage_missing', 'reset_after:300', 'malformed_sse', 'status_529'])(
    'I8: with %s nothing wrong is called the provider’s figure',
    async (fault) => {
      const before = (await house.simulator.bill()).length;
      await ask(streams, {}, { fault, output_tokens: '40' }).catch(() => undefined);
      const lines = (await house.simulator.bill()).slice(before);
      for (const [index, event] of (await eventsOf(lines)).entries()) {
        const line = lines[index] as BillLine;
        if (event['usage_source'] === 'provider') expect(event).toMatchObject(billed(line));
        else expect(event).toMatchObject({ usage_source: 'none', cost: null, input_tokens: null });
      }
    },
  );
});

describe('agents', () => {
  it('may count tokens with an empty budget, and are told which budget it was, once', async () => {
    const key = await house.key(await house.customer());
    await house.budget(key.id, '0.000000000100');
    const client = new Anthropic({ baseURL: url, apiKey: key.secret, maxRetries: 2 });
    const before = (await house.simulator.bill()).length;
    const { max_tokens: _, ...counted } = asked;
    const { input_tokens } = await client.messages.countTokens(counted as never);
    expect(input_tokens).toBeGreaterThan(0);
    const refused = await client.messages.create(asked).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 402, error: { error: { code: 'budget_exceeded' } } });
    expect((await house.simulator.bill()).length).toBe(before);
  });

  it('find the models that are served to them, and what is wrong with a key', async () => {
    const names: string[] = [];
    for await (const model of sdk().models.list()) names.push(model.id);
    expect(names).toContain('sim-claude');
    expect(await sdk().models.retrieve('sim-claude')).toMatchObject({ type: 'model' });
    const refused = await sdk('sk-ant-none')
      .messages.create(asked)
      .catch((e: unknown) => e);
    expect(refused).toBeInstanceOf(Anthropic.AuthenticationError);
  });

  it('that leave midway are billed for what was generated, or held for it', async () => {
    const before = (await house.simulator.bill()).length;
    const metadata = steered({ token_pace_ms: '5', output_tokens: '400' });
    const stream = sdk().messages.stream({ ...asked, metadata } as Params);
    await new Promise<void>((resolve) => stream.once('text', () => resolve()));
    stream.abort();
    await stream.done().catch(() => undefined);
    await until('its line', async () => (await house.simulator.bill()).length > before);
    const [line] = (await house.simulator.bill()).slice(before) as [BillLine];
    const [event] = (await eventsOf([line])) as [Event];
    expect(event['status']).toBe('client_closed');
    if (event.cost !== null) expect(event.cost).toBe(line.cost);
  });
});

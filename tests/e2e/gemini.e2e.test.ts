/**
 * Google's official SDK through a proxy, as it is, against the simulator's own bill: what is called the
 * provider's figure is the bill's, to the token and the pico-dollar, and what is not known is held.
 */
import { ApiError, type GenerateContentConfig, GoogleGenAI } from '@google/genai';
import type { BillLine } from '@tollgate/simulator/bill/bill-line.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

type Event = Record<string, string | null> & { attempt_id: string; cost: string | null };
type Knobs = Readonly<Record<string, string>>;

let house: PlatformHouse;
let url: string;
let secret: string;
beforeAll(async () => {
  house = await openPlatform();
  const dialects = new Set(['gemini'] as const);
  url = (await house.proxy(`${house.simulator.url}/v1beta`, { dialects })).url;
  const key = await house.key(await house.customer());
  await house.budget(key.id, '100.000000000000');
  secret = key.secret;
});
afterAll(() => house.close());

const sdk = (apiKey = secret) =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${url}/gemini` } });
const asked = {
  model: 'sim-gemini',
  contents: [{ role: 'user', parts: [{ text: 'How much is the fish?' }] }],
};

function params(config: GenerateContentConfig, knobs: Knobs) {
  const steered = Object.entries(knobs).map(([name, value]) => [`sim_${name}`, value]);
  // The SDK has no labels for this API; what it has for members that it does not know is this.
  const httpOptions = { extraBody: { labels: Object.fromEntries(steered) as Knobs } };
  return { ...asked, config: { maxOutputTokens: 2_000, ...config, httpOptions } };
}

async function ask(streams: boolean, config: GenerateContentConfig, knobs: Knobs): Promise<void> {
  const { models } = sdk();
  if (streams) await Array.fromAsync(await models.generateContentStream(params(config, knobs)));
  else await models.generateContent(params(config, knobs));
}

/** The same, without the SDK, as an array: the form that it never asks for. */
async function askForArray(knobs: Knobs): Promise<string> {
  const { config, contents } = params({}, knobs);
  const answer = await fetch(
    `${url}/v1beta/models/sim-gemini:streamGenerateContent?key=${secret}`,
    {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({
        ...{ contents, labels: config.httpOptions.extraBody.labels },
        generationConfig: { maxOutputTokens: 2_000 },
      }),
    },
  );
  return answer.text();
}

const COLUMNS = ['input_tokens', 'cache_read_tokens', 'output_tokens', 'reasoning_tokens'];

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

async function linesOf(call: () => Promise<unknown>): Promise<BillLine[]> {
  const before = (await house.simulator.bill()).length;
  await call();
  return (await house.simulator.bill()).slice(before);
}

describe.each([false, true])('@google/genai through the proxy (stream: %s)', (streams) => {
  it.each<[string, GenerateContentConfig, Knobs]>([
    ['content', {}, {}],
    [
      'thoughts, a cache and what tools added, of two candidates',
      { thinkingConfig: { includeThoughts: true }, candidateCount: 2 },
      {
        ...{ input_tokens: '60', cached_tokens: '10', tool_input_tokens: '4' },
        ...{ reasoning_tokens: '5', output_tokens: '7' },
      },
    ],
    ['a total that is stated twice', {}, { fault: 'usage_twice' }],
  ])('I1, I8: %s is billed as the provider says', async (_, config, knobs) => {
    const [line] = (await linesOf(() => ask(streams, config, knobs))) as [BillLine];
    const [event] = await eventsOf([line]);
    const endpoint = streams ? 'streamGenerateContent' : 'generateContent';
    expect(event).toMatchObject({
      ...billed(line),
      status: 'ok',
      usage_source: 'provider',
      endpoint,
    });
  });

  it.each(['error_after:3', 'usage_missing', 'reset_after:300', 'malformed_sse', 'status_503'])(
    'I8: with %s nothing wrong is called the provider’s figure',
    async (fault) => {
      const lines = await linesOf(() =>
        ask(streams, {}, { fault, output_tokens: '40' }).catch(() => undefined),
      );
      for (const [index, event] of (await eventsOf(lines)).entries()) {
        const line = lines[index] as BillLine;
        if (event['usage_source'] === 'provider') expect(event).toMatchObject(billed(line));
        else expect(event).toMatchObject({ usage_source: 'none', cost: null, input_tokens: null });
      }
    },
  );
});

it('I1, I8: an array is billed as the provider says, with the key in the query', async () => {
  let text = '';
  const knobs = { reasoning_tokens: '5', output_tokens: '40' };
  const [line] = (await linesOf(async () => {
    text = await askForArray(knobs);
  })) as [BillLine];
  const parts = JSON.parse(text) as object[];
  const [event] = await eventsOf([line]);
  expect(event).toMatchObject({ ...billed(line), status: 'ok', usage_source: 'provider' });
  expect([parts.length > 1, event?.['output_tokens']]).toEqual([true, '40']);
});

it('tokens may be counted with an empty budget, which pays for no call', async () => {
  const key = await house.key(await house.customer());
  await house.budget(key.id, '0.000000000100');
  const { models } = sdk(key.secret);
  const lines = await linesOf(async () => {
    expect((await models.countTokens(asked)).totalTokens).toBeGreaterThan(0);
    const refused = await models.generateContent(params({}, {})).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect((refused as ApiError).status).toBe(402);
  });
  expect(lines).toEqual([]);
});

it('models that are served are found, and a key that is wrong is told so', async () => {
  const names: (string | undefined)[] = [];
  for await (const model of await sdk().models.list()) names.push(model.name);
  expect(names).toContain('models/sim-gemini');
  const refused = await sdk('none')
    .models.generateContent(params({}, {}))
    .catch((error: unknown) => error);
  expect((refused as ApiError).status).toBe(401);
});

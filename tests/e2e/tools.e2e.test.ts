/**
 * Tools and structured answers through a proxy, as the official SDK's own helpers use them; and each
 * call of them is billed as the simulator says.
 */
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import type { ChatCompletionTool } from 'openai/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openPlatform, type PlatformHouse } from './platform-house.ts';

let house: PlatformHouse;
let proxy: Awaited<ReturnType<PlatformHouse['proxy']>>;
let sdk: ReturnType<PlatformHouse['sdk']>;
beforeAll(async () => {
  house = await openPlatform();
  proxy = await house.proxy();
  const key = await house.key(await house.customer());
  await house.budget(key.id, '1.000000000000');
  sdk = house.sdk(proxy.url, key.secret);
});
afterAll(() => house.close());

const model = 'sim-small';
const ask = (content: string) => ({ model, messages: [{ role: 'user' as const, content }] });

const Step = z.object({ explanation: z.string().min(1), output: z.string().nullable() });
const Trip = z.object({
  city: z.string(),
  kind: z.enum(['business', 'holiday']),
  from: z.iso.datetime(),
  contact: z.email(),
  guests: z.int().min(1).max(9),
  price: z.number().gt(0),
  steps: z.array(Step).min(1),
  stay: z.union([z.object({ hotel: z.string() }), z.object({ nights: z.int() })]),
});
const Weather = z.object({ city: z.string(), unit: z.enum(['celsius', 'fahrenheit']) });

const tool = (name: string, parameters: object): ChatCompletionTool => ({
  type: 'function',
  function: { name, parameters: parameters as Record<string, unknown> },
});
const tools = [
  tool('get_stock', z.toJSONSchema(z.object({ isin: z.string() }))),
  tool('get_weather', z.toJSONSchema(Weather)),
];

describe('a newcomer’s structured answers', () => {
  it('parse() gives an object of its schema, streamed too', async () => {
    const request = { ...ask('Plan a trip.'), response_format: zodResponseFormat(Trip, 'trip') };
    const whole = await sdk.chat.completions.parse(request);
    const streamed = await sdk.chat.completions.stream(request).finalChatCompletion();
    expect(Trip.safeParse(whole.choices[0]?.message.parsed).success).toBe(true);
    expect(streamed.choices[0]?.message.parsed).toEqual(whole.choices[0]?.message.parsed);
    expect(whole.choices[0]?.finish_reason).toBe('stop');
  });

  it('a schema may refer to itself', async () => {
    const Node = z.object({
      name: z.string(),
      get children() {
        return z.array(Node);
      },
    });
    const request = { ...ask('A tree.'), response_format: zodResponseFormat(Node, 'tree') };
    const { choices } = await sdk.chat.completions.parse(request);
    expect(Node.safeParse(choices[0]?.message.parsed).success).toBe(true);
  });

  it('json_object is an object, and every choice of several is', async () => {
    const format = { response_format: { type: 'json_object' as const }, n: 3 };
    const { choices } = await sdk.chat.completions.create({ ...ask('As JSON.'), ...format });
    const parsed = choices.map(({ message }) => JSON.parse(message.content ?? ''));
    expect(parsed.map((value) => typeof value.answer)).toEqual(['string', 'string', 'string']);
  });

  it('what does not fit in the limit is cut, and parse() says so', async () => {
    const request = { ...ask('Short.'), response_format: zodResponseFormat(Trip, 'trip') };
    const cut = sdk.chat.completions.parse({ ...request, max_completion_tokens: 5 });
    await expect(cut).rejects.toThrow('length limit was reached');
  });

  it('a schema that no answer satisfies is refused by its place, and not billed', async () => {
    const schema = { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] };
    const json_schema = { name: 'endless', schema };
    const before = (await house.simulator.bill()).length;
    await expect(
      sdk.chat.completions.create({
        ...ask('x'),
        response_format: { type: 'json_schema', json_schema },
      }),
    ).rejects.toMatchObject({ status: 400, param: 'response_format', code: 'invalid_json_schema' });
    expect((await house.simulator.bill()).length).toBe(before);
  });
});

describe('a newcomer’s tools', () => {
  it('calls the tool that was asked for, by arguments of its schema, streamed as whole', async () => {
    const request = { ...ask('What is the weather like?'), tools };
    const { choices } = await sdk.chat.completions.create(request);
    const stream = await sdk.chat.completions.create({ ...request, stream: true });
    const streamed = { id: '', name: '', arguments: '', finish: '' };
    for await (const { choices } of stream) {
      const [call] = choices[0]?.delta.tool_calls ?? [];
      streamed.id += call?.id ?? '';
      streamed.name += call?.function?.name ?? '';
      streamed.arguments += call?.function?.arguments ?? '';
      streamed.finish += choices[0]?.finish_reason ?? '';
    }
    const [call] = choices[0]?.message.tool_calls ?? [];
    if (call?.type !== 'function') throw new Error('no function was called');
    expect(call.function.name).toBe('get_weather');
    expect(Weather.safeParse(JSON.parse(call.function.arguments)).success).toBe(true);
    expect([choices[0]?.message.content, choices[0]?.finish_reason]).toEqual([null, 'tool_calls']);
    expect(streamed).toEqual({
      ...{ id: expect.stringMatching(/^call_\w+$/), ...call.function },
      finish: 'tool_calls',
    });
  });

  it.each([false, true])(
    'runTools ends with a text that uses the result (stream: %s)',
    async (stream) => {
      const asked: unknown[] = [];
      const get_weather = zodFunction({
        name: 'get_weather',
        parameters: Weather,
        function: (given) => {
          asked.push(given);
          return { degrees: 21, sky: 'blue' };
        },
      });
      const request = { ...ask('Weather in Oslo?'), tools: [get_weather] };
      const text = stream
        ? await sdk.chat.completions.runTools({ ...request, stream: true }).finalContent()
        : await sdk.chat.completions.runTools(request).finalContent();
      expect(asked.map((given) => Weather.safeParse(given).success)).toEqual([true]);
      expect(text).toContain('{"degrees":21,"sky":"blue"}');
    },
  );

  it('a tool that is named is called, one of several allowed, and with none there is text', async () => {
    const called = async (tool_choice: object | 'none' | 'required') => {
      const choice = { tool_choice: tool_choice as 'none' };
      const { choices } = await sdk.chat.completions.create({ ...ask('Hi'), tools, ...choice });
      const [call] = choices[0]?.message.tool_calls ?? [];
      return call?.type === 'function' ? call.function.name : choices[0]?.message.content;
    };
    const named = { type: 'function', function: { name: 'get_weather' } };
    const mode = 'auto';
    const allowed = { type: 'allowed_tools', allowed_tools: { mode, tools: [named] } };
    expect(await Promise.all([named, allowed, 'required' as const].map(called))).toEqual([
      ...['get_weather', 'get_weather', 'get_stock'],
    ]);
    expect(await called('none')).toMatch(/^ the meter counts|^ the$|^ the meter$/);
  });

  it('a structured answer follows the result, where both are asked for', async () => {
    const run = sdk.chat.completions.runTools({
      ...ask('Trip?'),
      response_format: zodResponseFormat(Trip, 'trip'),
      tools: [
        zodFunction({
          name: 'find',
          parameters: z.object({ at: z.iso.date() }),
          function: () => 'x',
        }),
      ],
    });
    expect(Trip.safeParse(JSON.parse((await run.finalContent()) ?? '')).success).toBe(true);
  });
});

it('the bill counts arguments and filled schemas as what was generated', async () => {
  await proxy.stop();
  await house.projected();
  const bill = await house.simulator.bill();
  const rows = await house.warehouse.query<Record<string, string>>(
    `SELECT id, toString(output_tokens) AS output, toDecimalString(cost, 12) AS cost
     FROM tollgate.usage_events WHERE type = 'attempt' AND usage_events.cost > 0`,
  );
  const events = new Map(rows.map(({ id, output, cost }) => [id, [output, cost]]));
  expect(bill.length).toBeGreaterThan(15);
  expect(events).toEqual(
    new Map(bill.map((line) => [line.attempt_id ?? '', [String(line.output_tokens), line.cost]])),
  );
});

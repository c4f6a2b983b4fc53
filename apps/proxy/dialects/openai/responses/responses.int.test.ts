/** Whole calls of the Responses API, by OpenAI's own SDK: what it gets, and what is recorded and charged. */
import type { RequestListener } from 'node:http';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import {
  type CallHouse,
  type CallHouseOptions,
  useCallHouses,
} from '../../../testing/call-house.ts';
import { ends, startStream } from '../../../testing/calls.ts';

const openHouse = useCallHouses();
let house: CallHouse;
let bodies: string[];

const usage = {
  ...{ input_tokens: 30, input_tokens_details: { cached_tokens: 0 } },
  ...{ output_tokens: 12, output_tokens_details: { reasoning_tokens: 5 }, total_tokens: 42 },
};
const item = {
  ...{ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text: 'four five', annotations: [] }],
};
const response = (fields: object = {}) => ({
  ...{ id: 'resp_1', object: 'response', created_at: 1, model: 'm', status: 'completed' },
  ...{ output: [item], usage, error: null, incomplete_details: null, ...fields },
});
const event = (type: string, fields: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 0, ...fields })}\n\n`;
const DELTA = event('response.output_text.delta', {
  ...{ item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'four five' },
});
const begins =
  event('response.created', {
    response: response({ status: 'in_progress', output: [], usage: null }),
  }) +
  event('response.output_item.added', { output_index: 0, item: { ...item, content: [] } }) +
  event('response.content_part.added', {
    ...{ item_id: 'msg_1', output_index: 0, content_index: 0 },
    part: { type: 'output_text', text: '', annotations: [] },
  });

const provider =
  (answer: string, type = 'application/json'): RequestListener =>
  async (request, reply) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    bodies.push(`${request.method} ${request.url} ${body}`);
    if (type === 'application/json') reply.writeHead(200, { 'content-type': type });
    else startStream(reply);
    reply.end(answer);
  };

async function open(listener: RequestListener, options: Partial<CallHouseOptions> = {}) {
  bodies = [];
  house = await openHouse({ budgets: [{}], providers: [listener], ...options });
  return new OpenAI({ apiKey: 'tg', baseURL: `${house.url}/v1`, maxRetries: 0 });
}

const asked = { model: 'm', input: 'hi', max_output_tokens: 10 };
const STATED = { source: 'provider', cost: '0.000000000042' };

describe('the Responses API, by the official SDK', () => {
  it('gets a whole answer, which is charged as stated', async () => {
    const client = await open(provider(JSON.stringify(response())));
    const answer = await client.responses.create(asked);
    expect([answer.output_text, answer.usage]).toEqual(['four five', usage]);
    expect(bodies).toEqual([`POST /responses ${JSON.stringify(asked)}`]);
    expect(await ends(house)).toMatchObject({
      events: [{ status: 'ok', http: 200, error: null, ...STATED }],
      ...{ held: 0n, spent: 42n },
    });
  });

  it.each([
    ['completed', 'ok', null],
    ['incomplete', 'ok', null],
    ['failed', 'upstream_error', 'upstream_answered_error'],
  ])(
    'gets a stream that ends by response.%s, with its usage charged',
    async (type, status, error) => {
      const end = event(`response.${type}`, { response: response({ status: type }) });
      const client = await open(provider(begins + DELTA + end, 'text/event-stream'));
      const seen: string[] = [];
      for await (const { type: said } of await client.responses.create({
        ...asked,
        stream: true,
      })) {
        seen.push(said);
      }
      expect(seen.at(-1)).toBe(`response.${type}`);
      const { events, held, spent } = await ends(house);
      expect(events).toEqual([{ attempt: 1, status, http: 200, error, ...STATED }]);
      expect([held, spent]).toEqual([0n, 42n]);
    },
  );

  it('I3: one that breaks off before it says what it used is charged the hold', async () => {
    const client = await open((_request, reply) => {
      startStream(reply).write(begins + DELTA);
      setImmediate(() => reply.destroy());
    });
    const stream = await client.responses.create({ ...asked, stream: true });
    await expect(Array.fromAsync(stream)).rejects.toThrow();
    const { events, held, spent } = await ends(house);
    expect(events).toMatchObject([{ status: 'upstream_error', source: 'none', cost: null }]);
    expect([held, (spent ?? 0n) > 42n]).toEqual([0n, true]);
  });

  const end = event('response.completed', { response: response() });
  const failure = { error: { message: 'x', type: 'server_error', code: 'server_error' } };
  const half = event('response.completed', {
    response: response({ usage: { ...usage, output_tokens: 6, total_tokens: 36 } }),
  });
  const UNKNOWN = { source: 'none', cost: null };
  const UNUSED = { source: 'none', cost: '0.000000000000' };
  const streamed = (text: string) => provider(text, 'text/event-stream');
  const refusing =
    (status: number): RequestListener =>
    (_request, reply) =>
      reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(failure));

  // Each end: what the provider did, what the event says, and whether the client got all of it.
  it.each([
    ['is refused before it was read', refusing(429), 'upstream_error', UNUSED],
    ['fails before anything is said', refusing(500), 'upstream_error', UNKNOWN],
    [
      'ends in an error',
      streamed(begins + DELTA + event('error', { code: 'server_error', message: 'x' })),
      'upstream_error',
      UNKNOWN,
    ],
    [
      'fails without usage',
      streamed(
        begins +
          event('response.failed', { response: response({ status: 'failed', usage: null }) }),
      ),
      'upstream_error',
      UNKNOWN,
    ],
    ['states its usage twice', streamed(begins + DELTA + end + end), 'ok', STATED],
    ['states less in the end', streamed(begins + DELTA + end + half), 'ok', STATED],
    ['ends without the event that ends it', streamed(begins + DELTA), 'upstream_error', UNKNOWN],
  ] as [string, RequestListener, string, object][])(
    'a stream that %s',
    async (_, listener, status, said) => {
      await open(listener);
      const sent = await fetch(`${house.url}/v1/responses`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...asked, stream: true }),
      });
      await sent.text().catch(() => 'it broke off');
      const { events, held } = await ends(house);
      expect(events).toMatchObject([{ status, ...said }]);
      expect(held).toBe(0n);
    },
  );

  it('I3: is refused under a hard budget if it has no bound, and sends nothing', async () => {
    const client = await open(provider('{}'));
    const call = client.responses.create({ ...asked, prompt: { id: 'pmpt_0' } });
    await expect(call).rejects.toThrow('`prompt`');
    expect([bodies, house.refused]).toEqual([[], ['unbounded_request']]);
  });

  it('I8: has a cost that is not known if it searched and nobody says how often', async () => {
    const searched = { output: [{ type: 'web_search_call', id: 'ws', status: 'completed' }, item] };
    const client = await open(provider(JSON.stringify(response(searched))), { budgets: [] });
    await client.responses.create({ ...asked, tools: [{ type: 'web_search' }] });
    await house.idle();
    expect(house.events()).toMatchObject([
      { usage_source: 'provider', input_tokens: 30, cost: null, error_type: 'fee_unstated' },
    ]);
  });
});

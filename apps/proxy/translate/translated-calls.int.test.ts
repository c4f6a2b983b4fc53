/** Whole calls of one dialect to a provider of another, on real sockets, by the official SDKs. */
import type { IncomingMessage, RequestListener } from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { BodyReaders } from '../body/body-readers.ts';
import { proxyLimits } from '../limits.ts';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import { answering, ends } from '../testing/calls.ts';

const openHouse = useCallHouses();
let house: CallHouse;

type Sent = { path: string; headers: IncomingMessage['headers']; body: Record<string, unknown> };

/** Answers as given, and keeps what it was asked. */
function provider(sent: Sent[], answer: RequestListener): RequestListener {
  return (request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      sent.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
      answer(request, response);
    });
  };
}

const open = async (
  to: 'openai' | 'anthropic',
  answer: RequestListener,
  options: Partial<CallHouseOptions> = {},
) => {
  const sent: Sent[] = [];
  house = await openHouse({
    budgets: [{}],
    providers: [provider(sent, answer)],
    deployments: [{ translatedTo: to }],
    ...options,
  });
  return sent;
};

const openAi = () => new OpenAI({ apiKey: 'tg_1', baseURL: `${house.url}/v1`, maxRetries: 0 });
const claude = () => new Anthropic({ apiKey: 'tg_1', baseURL: house.url, maxRetries: 0 });

const events = (...all: object[]) =>
  all
    .map((one) => `event: ${(one as { type: string }).type}\ndata: ${JSON.stringify(one)}\n\n`)
    .join('');
const chunks = (...all: object[]) =>
  `${all.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('')}data: [DONE]\n\n`;

const usage = {
  ...{ input_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 3 },
  output_tokens: 7,
};
const message = {
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x' },
  content: [
    { type: 'text', text: 'It is ' },
    { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Ulm' } },
  ],
  ...{ stop_reason: 'tool_use', stop_sequence: null, usage },
};
const completion = {
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-x' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: {
    ...{ prompt_tokens: 18, completion_tokens: 7, total_tokens: 25 },
    ...{ prompt_tokens_details: { cached_tokens: 5 } },
  },
};
const ask = { model: 'm', max_tokens: 20, messages: [{ role: 'user' as const, content: 'hi' }] };
const tools = [
  {
    type: 'function' as const,
    function: { name: 'weather', parameters: { type: 'object', properties: {} } },
  },
];

describe('an OpenAI client of a provider that speaks Anthropic’s dialect alone', () => {
  it('gets a completion, and is metered by the provider’s own figures', async () => {
    const sent = await open('anthropic', answering(200, JSON.stringify(message)));
    const { data, response } = await openAi()
      .chat.completions.create({ ...ask, tools })
      .withResponse();
    expect(sent).toMatchObject([
      {
        path: '/messages',
        headers: { 'anthropic-version': '2023-06-01' },
        body: { model: 'm', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] },
      },
    ]);
    expect(data.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'It is ',
        tool_calls: [{ id: 'toolu_1', function: { name: 'weather', arguments: '{"city":"Ulm"}' } }],
      },
    });
    expect(data.usage).toMatchObject({ prompt_tokens: 18, completion_tokens: 7, total_tokens: 25 });
    expect(response.headers.get('x-tollgate-translated')).toBe('anthropic');
    const { held, spent } = await ends(house);
    expect(house.events()).toMatchObject([
      {
        ...{ endpoint: 'chat.completions', status: 'ok', usage_source: 'provider' },
        ...{ input_tokens: 10, cache_read_tokens: 5, cache_write_tokens: 3, output_tokens: 7 },
      },
    ]);
    expect([held, spent]).toEqual([0n, 25n]);
  });

  it('gets a stream that its SDK puts together', async () => {
    const start = { ...message, content: [], stop_reason: null };
    const body = events(
      { type: 'message_start', message: start },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'It ' } },
      { type: 'ping' },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'is ' } },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'content_block_start',
        index: 1,
        content_block: { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} },
      },
      {
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'input_json_delta', partial_json: '{"city":' },
      },
      {
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'input_json_delta', partial_json: '"Ulm"}' },
      },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage },
      { type: 'message_stop' },
    );
    await open('anthropic', answering(200, body, 'text/event-stream'));
    const stream = openAi().chat.completions.stream({
      ...{ ...ask, tools, stream_options: { include_usage: true } },
    });
    const data = await stream.finalChatCompletion();
    expect(data.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'It is ',
        tool_calls: [{ id: 'toolu_1', function: { name: 'weather', arguments: '{"city":"Ulm"}' } }],
      },
    });
    expect(data.usage).toMatchObject({ prompt_tokens: 18, completion_tokens: 7 });
    const { held, spent } = await ends(house);
    expect([held, spent]).toEqual([0n, 25n]);
  });

  it('is told what the provider says against its request, in its own form', async () => {
    const error = { type: 'invalid_request_error', message: 'messages: too odd' };
    await open('anthropic', answering(400, JSON.stringify({ type: 'error', error })));
    const told = await openAi()
      .chat.completions.create(ask)
      .catch((thrown) => thrown);
    expect(told).toBeInstanceOf(OpenAI.BadRequestError);
    expect(told).toMatchObject({ status: 400, type: 'invalid_request_error' });
    expect(told.message).toContain('messages: too odd');
  });

  it('is refused by the field’s name what that provider has no words for', async () => {
    const sent = await open('anthropic', answering(200, '{}'));
    const told = await openAi()
      .chat.completions.create({ ...ask, logit_bias: { 5: 1 } })
      .catch((thrown) => thrown);
    expect(told).toMatchObject({ status: 400, code: 'not_translatable', param: 'logit_bias' });
    expect([sent, house.refused]).toEqual([[], ['not_translatable']]);
  });
});

describe('a call that is translated', () => {
  it.each([
    ['first', ['anthropic', undefined]],
    ['second', [undefined, 'anthropic']],
  ] as const)('falls over to the other provider where it is the %s that is away', async (_, to) => {
    const sent: Sent[] = [];
    const native = answering(200, JSON.stringify(completion));
    const other = answering(200, JSON.stringify(message));
    house = await openHouse({
      budgets: [{}],
      providers: [null, provider(sent, to[1] === undefined ? native : other)],
      deployments: to.map((translatedTo) => ({ translatedTo })),
    });
    const { data, response } = await openAi().chat.completions.create(ask).withResponse();
    expect(data.choices).toHaveLength(1);
    expect(response.headers.get('x-tollgate-translated')).toBe(to[1] ?? null);
    expect(sent.map(({ path }) => path)).toEqual([to[1] ? '/messages' : '/chat/completions']);
    const { held, spent } = await ends(house);
    expect([held, spent]).toEqual([0n, 25n]);
    expect(house.events().map(({ status }) => status)).toEqual(['upstream_error', 'ok']);
  });

  it('I3: is charged in full if its answer breaks off, and breaks off at its client too', async () => {
    const body = events(
      { type: 'message_start', message: { ...message, content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'a' } },
    );
    await open('anthropic', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(body, () => response.destroy());
    });
    const stream = openAi().chat.completions.stream(ask);
    await expect(stream.finalChatCompletion()).rejects.toThrow();
    const { held, spent } = await ends(house);
    const [event] = house.events();
    expect([held, event?.usage_source, event?.cost]).toEqual([0n, 'none', null]);
    const worst = house.holds[0]?.[0]?.parts.reduce((sum, { amount }) => sum + amount, 0n);
    expect(spent).toBe(worst);
  });

  it('that is too large to be read at once is read in a thread', async () => {
    const bodies = new BodyReaders({ ...proxyLimits, requestDepthMax: 64 });
    const translate = vi.spyOn(BodyReaders.prototype, 'translate');
    const sent: Sent[] = [];
    house = await openHouse({
      providers: [provider(sent, answering(200, JSON.stringify(message)))],
      deployments: [{ translatedTo: 'anthropic' }],
      bodies,
    });
    const content = 'a'.repeat(100_000);
    await openAi().chat.completions.create({ ...ask, messages: [{ role: 'user', content }] });
    expect(sent[0]?.body).toMatchObject({ messages: [{ role: 'user', content }] });
    expect(translate).toHaveBeenCalledTimes(1);
    translate.mockRestore();
    await bodies.close();
  });

  it('gets no answer that looks whole and is not', async () => {
    const found = { type: 'web_search_tool_result', tool_use_id: 'x', content: [] };
    const answer = { ...message, content: [found, ...message.content] };
    await open('anthropic', answering(200, JSON.stringify(answer)));
    const told = await openAi()
      .chat.completions.create(ask)
      .catch((thrown) => thrown);
    expect(told).toMatchObject({ status: 502, code: 'answer_not_translatable' });
    const { held, spent } = await ends(house);
    expect([held, spent]).toEqual([0n, 25n]);
  });

  it('I3: is held at the worst case of what its provider gets', async () => {
    const sent = await open('openai', answering(200, JSON.stringify(completion)));
    // In JSON of its own, the input of a tool has a backslash before each quote.
    const input = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`"${at}"`, '"".""']));
    await claude().messages.create({
      ...ask,
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'a', input }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'ok' }] },
      ],
    });
    await ends(house);
    const held = house.holds[0]?.[0]?.parts.reduce((sum, { amount }) => sum + amount, 0n);
    const bytes = Buffer.byteLength(JSON.stringify(sent[0]?.body));
    expect(held).toBeGreaterThanOrEqual(BigInt(bytes));
  });
});

describe('an Anthropic client of a provider that speaks OpenAI’s dialect alone', () => {
  it('gets a message, and is metered by the provider’s own figures', async () => {
    const sent = await open('openai', answering(200, JSON.stringify(completion)));
    const data = await claude().messages.create({
      ...ask,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    });
    expect(sent).toMatchObject([
      {
        path: '/chat/completions',
        body: {
          ...{ model: 'm', max_tokens: 20 },
          messages: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: 'hi' },
          ],
        },
      },
    ]);
    expect(data).toMatchObject({
      ...{ type: 'message', role: 'assistant', model: 'gpt-x', stop_reason: 'end_turn' },
      content: [{ type: 'text', text: 'Hello' }],
      usage: { input_tokens: 13, cache_read_input_tokens: 5, output_tokens: 7 },
    });
    const { held, spent } = await ends(house);
    expect([held, spent]).toEqual([0n, 25n]);
  });

  it('gets a stream that its SDK puts together', async () => {
    const head = { ...completion, object: 'chat.completion.chunk', usage: undefined };
    const delta = (fields: object, finish_reason: string | null = null) => ({
      ...head,
      choices: [{ index: 0, delta: fields, finish_reason }],
    });
    const body = chunks(
      delta({ role: 'assistant', content: '' }),
      delta({ content: 'Hel' }),
      delta({ content: 'lo' }),
      delta({
        tool_calls: [
          { index: 0, id: 'call_1', type: 'function', function: { name: 'a', arguments: '' } },
        ],
      }),
      delta({ tool_calls: [{ index: 0, function: { arguments: '{"x":1}' } }] }),
      delta({
        tool_calls: [
          { index: 1, id: 'call_2', type: 'function', function: { name: 'b', arguments: '{}' } },
        ],
      }),
      delta({}, 'tool_calls'),
      { ...head, choices: [], usage: completion.usage },
    );
    const sent = await open('openai', answering(200, body, 'text/event-stream'));
    const data = await claude().messages.stream(ask).finalMessage();
    expect(sent[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(data).toMatchObject({
      content: [
        { type: 'text', text: 'Hello' },
        { type: 'tool_use', id: 'call_1', name: 'a', input: { x: 1 } },
        { type: 'tool_use', id: 'call_2', name: 'b', input: {} },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 13, cache_read_input_tokens: 5, output_tokens: 7 },
    });
    const { held, spent } = await ends(house);
    expect([held, spent]).toEqual([0n, 25n]);
  });

  it('is told what the provider says against its request, in its own form', async () => {
    const error = { message: 'too many', type: 'rate', param: null, code: 'slow_down' };
    await open('openai', answering(429, JSON.stringify({ error })));
    const told = await claude()
      .messages.create(ask)
      .catch((thrown) => thrown);
    expect(told).toBeInstanceOf(Anthropic.RateLimitError);
    expect(told.error).toEqual({
      type: 'error',
      error: { type: 'rate_limit_error', message: 'too many' },
    });
  });
});

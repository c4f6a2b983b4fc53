/** What a provider answers, as odd as providers answer, to a client of another dialect. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { wire } from './testing/in-process.ts';
import {
  block,
  blocksOf,
  chat,
  chunks,
  claude,
  content,
  delta,
  done,
  events,
  gemini,
  message,
  messageOf,
  openAi,
  start,
  streamed,
  toolChunk,
  total,
} from './testing/provider-bytes.ts';
import { askRaw, EVENTS, eventsIn, JSON_TYPE } from './testing/raw.ts';

describe('calls of tools, at a client of Anthropic’s dialect', () => {
  const name = { name: 'read', arguments: '' };

  // litellm#25836, litellm#25561: the input of a tool was not in the stream, although it was billed.
  it('have their whole input, in whatever pieces it comes', async () => {
    const body = chunks(
      toolChunk(0, { id: 'call_1', type: 'function' }, { name: 'read', arguments: '{"pa' }),
      toolChunk(0, {}, { arguments: 'th":' }),
      toolChunk(0, {}, { arguments: '"a"}' }),
      delta({}, 'tool_calls'),
      total,
    );
    expect(await blocksOf(body + done)).toEqual([
      { type: 'tool_use', id: 'call_1', name: 'read', input: { path: 'a' } },
    ]);
  });

  // litellm#18238: a call was lost that came in one chunk with a text.
  it('are not lost where one chunk has a text and a call', async () => {
    const call = { index: 0, id: 'call_1', type: 'function', function: name };
    const body = chunks(
      delta({ content: 'So:', tool_calls: [call] }),
      delta({}, 'tool_calls'),
      total,
    );
    expect(await blocksOf(body + done)).toMatchObject([
      { type: 'text', text: 'So:' },
      { type: 'tool_use', name: 'read', input: {} },
    ]);
  });

  // litellm#37273: a block ended twice, and the tool ran twice.
  it('begin and end once each, one after the other', async () => {
    const body = chunks(
      delta({ content: 'a' }),
      toolChunk(0, { id: 'call_1' }, name),
      toolChunk(0, {}, { arguments: '{}' }),
      toolChunk(1, { id: 'call_2' }, name),
      delta({}, 'tool_calls'),
      total,
    );
    const { text } = await askRaw(claude, openAi, streamed(claude), {
      type: EVENTS,
      body: body + done,
    });
    const told = eventsIn(text) as { type: string; index?: number }[];
    const blocks = told.filter(({ type }) => /content_block_st/.test(type));
    expect(blocks.map(({ type, index }) => `${type.slice(14)} ${index}`)).toEqual([
      ...['start 0', 'stop 0', 'start 1', 'stop 1', 'start 2', 'stop 2'],
    ]);
  });

  // litellm#34692, pgedge-postgres-mcp#217: the client was told that the turn had ended, and called no tool.
  it('are why the message stopped, whatever reason is stated, and no empty text is before them', async () => {
    const body = chunks(
      delta({ role: 'assistant', content: '' }),
      toolChunk(0, { id: 'call_1' }, name),
      delta({}, 'stop'),
      total,
    );
    const told = await messageOf(body + done);
    expect([told.stop_reason, told.content.map(({ type }) => type)]).toEqual([
      'tool_use',
      ['tool_use'],
    ]);
  });

  it.each([
    ['all at index 0', 0, 0],
    ['without an index', undefined, undefined],
  ])('are told apart by their ids where they come %s', async (_, first, second) => {
    const body = chunks(
      toolChunk(first, { id: 'call_1' }, { name: 'read', arguments: '{"a":1}' }),
      toolChunk(second, { id: 'call_2' }, { name: 'read', arguments: '{"a":2}' }),
      delta({}, 'tool_calls'),
      total,
    );
    expect((await blocksOf(body + done)).map(({ id, input }) => [id, input])).toEqual([
      ['call_1', { a: 1 }],
      ['call_2', { a: 2 }],
    ]);
  });

  // claude-code#20693: two calls had one id, and the conversation could not go on.
  it('have ids of their own, although their provider gave two of them the same, or none', async () => {
    const body = chunks(
      toolChunk(0, { id: 'call_1' }, name),
      toolChunk(1, { id: 'call_1' }, name),
      toolChunk(2, {}, name),
      delta({}, 'tool_calls'),
      total,
    );
    const ids = (await blocksOf(body + done)).map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([3, 3]);
  });

  it('are an error where their pieces are mixed: whose a piece is, nobody can say', async () => {
    const body = chunks(
      toolChunk(0, { id: 'call_1' }, name),
      toolChunk(1, { id: 'call_2' }, name),
      toolChunk(0, {}, { arguments: '{"a":1}' }),
      delta({}, 'tool_calls'),
    );
    await expect(messageOf(body + done)).rejects.toThrow('interleaved tool calls');
  });

  it('have numbers of any length as they were', async () => {
    const args = '{"id":12345678901234567890,"x":1.50}';
    const call = { id: 'call_1', type: 'function', function: { name: 'read', arguments: args } };
    const choice = { index: 0, message: { role: 'assistant', tool_calls: [call] } };
    const body = JSON.stringify({
      ...total,
      choices: [{ ...choice, finish_reason: 'tool_calls' }],
    });
    const { text } = await askRaw(claude, openAi, message, { type: JSON_TYPE, body });
    expect(text).toContain('"input":{"id":12345678901234567890,"x":1.5}');
  });
});

describe('usage', () => {
  // Portkey-AI/gateway PR#1754, ogx PR#6415, envoyproxy/ai-gateway PR#2241: tokens of a cache were in the
  // input of one dialect and next to it in the other, and so counted twice or not at all.
  it('has each token once, in the way of the client’s dialect', async () => {
    const all = { input: 10, cacheRead: 70, cacheWrite: 20, output: 5, thinking: 2 };
    const answer = { says: [{ text: 'a' }], stop: 'end', usage: all } as const;
    const whole = await askRaw(openAi, claude, chat, {
      type: JSON_TYPE,
      body: claude.whole(answer),
    });
    expect(JSON.parse(whole.text).usage).toMatchObject({
      ...{ prompt_tokens: 100, completion_tokens: 5, total_tokens: 105 },
      prompt_tokens_details: { cached_tokens: 70 },
    });
    const other = { ...answer, usage: { ...all, cacheWrite: 0, input: 30 } };
    const body = openAi.stream(other);
    const { text } = await askRaw(claude, openAi, streamed(claude), { type: EVENTS, body });
    const told = eventsIn(text) as { type: string; usage?: object }[];
    expect(told.find(({ type }) => type === 'message_delta')?.usage).toEqual({
      ...{ input_tokens: 30, cache_read_input_tokens: 70, cache_creation_input_tokens: 0 },
      output_tokens: 5,
    });
  });

  it('I8: that the provider does not state is not zero', async () => {
    const answer = {
      id: 'a',
      model: 'b',
      choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
    };
    const told = await askRaw(claude, openAi, message, {
      type: JSON_TYPE,
      body: JSON.stringify(answer),
    });
    expect(JSON.parse(told.text).usage).toMatchObject({ input_tokens: null, output_tokens: null });
    const silent = events(
      start,
      ...block(0, { type: 'text', text: 'a' }),
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
      { type: 'message_stop' },
    );
    const asks = { ...streamed(openAi), stream_options: { include_usage: true } };
    const { text } = await askRaw(openAi, claude, asks, { type: EVENTS, body: silent });
    expect((eventsIn(text) as { usage?: unknown }[]).at(-1)?.usage).toBeNull();
  });

  it('is in a stream of OpenAI’s dialect only where its client asked for it', async () => {
    const body = claude.stream({
      says: [{ text: 'a' }],
      stop: 'end',
      usage: { input: 9, cacheRead: 0, cacheWrite: 0, output: 1, thinking: 0 },
    });
    const { text } = await askRaw(openAi, claude, streamed(openAi), { type: EVENTS, body });
    expect(text).not.toContain('usage');
    expect(text.endsWith(done)).toBe(true);
  });
});

describe('a compressed answer, although none was asked for', () => {
  const answer = {
    says: [{ text: 'Füße' }],
    stop: 'end',
    usage: { input: 9, cacheRead: 0, cacheWrite: 0, output: 5, thinking: 0 },
  } as const;
  it.each([
    ['whole', false],
    ['a stream', true],
  ])('%s, is unpacked for its client', async (_, isStream) => {
    const body = gzipSync(isStream ? claude.stream(answer) : claude.whole(answer)).toString(
      'latin1',
    );
    const headers = { 'content-encoding': 'gzip' };
    const asks = isStream ? streamed(openAi) : chat;
    const type = isStream ? EVENTS : JSON_TYPE;
    const told = await askRaw(openAi, claude, asks, { type, body, headers, encoding: 'latin1' });
    expect(told.headers.get('content-encoding')).toBeNull();
    expect(told.text).toContain('Füße');
  });
});

it('a stream of Gemini that is asked for without events is one array', async () => {
  const answer = {
    says: [{ text: 'one two three' }],
    stop: 'end',
    usage: { input: 9, cacheRead: 0, cacheWrite: 0, output: 5, thinking: 0 },
  } as const;
  const { fetch } = wire(gemini, claude, { type: EVENTS, body: claude.stream(answer) });
  const url = 'http://gate.test/v1beta/models/m:streamGenerateContent';
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(content) });
  const parts = (await response.json()) as { candidates: { finishReason?: string }[] }[];
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(parts.at(-1)?.candidates[0]?.finishReason).toBe('STOP');
});

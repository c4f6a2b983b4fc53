/** Errors and ends of answers that are translated: nothing that is broken looks whole. */
import { describe, expect, it } from 'vitest';
import {
  block,
  bodies,
  chat,
  chunks,
  claude,
  delta,
  done,
  events,
  gemini,
  messageOf,
  openAi,
  start,
  stopped,
  streamed,
} from './testing/provider-bytes.ts';
import { askRaw, EVENTS, eventsIn, JSON_TYPE } from './testing/raw.ts';
import type { Side } from './testing/side.ts';

describe('errors', () => {
  const providers: readonly [Side, object][] = [
    [openAi, { error: { message: 'it said no', type: 't', param: null, code: 'c' } }],
    [claude, { type: 'error', error: { type: 'overloaded_error', message: 'it said no' } }],
    [gemini, { error: { code: 400, message: 'it said no', status: 'INVALID_ARGUMENT' } }],
  ];
  const pairs = [...bodies.keys()].flatMap((from) =>
    providers
      .filter(([to]) => to !== from)
      .flatMap(([to, error]) =>
        [400, 404, 413, 429, 500, 503, 529].map((status) => [from, to, status, error] as const),
      ),
  );
  const typeOf = (from: Side, text: string): unknown => {
    const { error } = JSON.parse(text);
    return from === gemini ? error.status : error.type;
  };
  const TYPES: Record<number, readonly [string, string, string]> = {
    400: ['invalid_request_error', 'invalid_request_error', 'INVALID_ARGUMENT'],
    404: ['invalid_request_error', 'not_found_error', 'NOT_FOUND'],
    413: ['invalid_request_error', 'request_too_large', 'INVALID_ARGUMENT'],
    429: ['rate_limit_error', 'rate_limit_error', 'RESOURCE_EXHAUSTED'],
    500: ['api_error', 'api_error', 'INTERNAL'],
    503: ['api_error', 'overloaded_error', 'UNAVAILABLE'],
    529: ['api_error', 'overloaded_error', 'UNAVAILABLE'],
  };

  it.each(
    pairs.map(
      ([from, to, status, error]) =>
        [`${from.codec.dialect}, ${to.codec.dialect}, ${status}`, from, to, status, error] as const,
    ),
  )('keep their status and their words: %s', async (_, from, to, status, error) => {
    const body = JSON.stringify(error);
    for (const asks of [bodies.get(from) as object, streamed(from)]) {
      const told = await askRaw(from, to, asks, { status, type: JSON_TYPE, body });
      expect([told.status, JSON.parse(told.text).error.message]).toEqual([status, 'it said no']);
      expect(typeOf(from, told.text)).toBe(TYPES[status]?.[[openAi, claude, gemini].indexOf(from)]);
    }
  });

  it('that are no JSON are told as their text', async () => {
    const body = '<html>Bad gateway</html>';
    const told = await askRaw(openAi, claude, chat, { status: 500, type: 'text/html', body });
    expect(JSON.parse(told.text).error.message).toBe(body);
    expect(told.headers.get('content-type')).toBe('application/json');
  });

  it('in the middle of a stream end it, and nothing behind them looks like its end', async () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'it said no' } };
    const middle = events(
      start,
      ...block(0, { type: 'text', text: 'a' }),
      error,
      ...stopped('end_turn'),
    );
    const { text } = await askRaw(openAi, claude, streamed(openAi), { type: EVENTS, body: middle });
    expect([eventsIn(text).at(-1), text.includes(done)]).toEqual([
      {
        error: { message: 'it said no', type: 'api_error', param: null, code: 'overloaded_error' },
      },
      false,
    ]);
    const other = chunks(delta({ content: 'a' }), { error: { message: 'it said no' } });
    await expect(messageOf(other + done)).rejects.toThrow('it said no');
    const late = chunks(delta({ content: 'a' }, 'stop'), { error: { message: 'it said no' } });
    const given = { type: EVENTS, body: late + done };
    expect((await askRaw(claude, openAi, streamed(claude), given)).text).not.toContain(
      'message_stop',
    );
  });
});

describe('a stream that is cut off', () => {
  const answer = {
    says: [{ text: 'one two three' }, { call: 'c1', name: 'a', input: { b: 'c' } }],
    stop: 'calls',
    usage: { input: 9, cacheRead: 0, cacheWrite: 0, output: 5, thinking: 0 },
  } as const;
  const ENDS = new Map<Side, RegExp>([
    [openAi, /\[DONE\]|"finish_reason":"/],
    [claude, /message_stop|message_delta/],
    [gemini, /finishReason/],
  ]);
  const rows = [...bodies.keys()].flatMap((from) =>
    [...bodies.keys()]
      .filter((to) => to !== from)
      .map((to) => [`${from.codec.dialect}, ${to.codec.dialect}`, from, to] as const),
  );

  it.each(rows)('looks cut off wherever it was cut: %s', async (_, from, to) => {
    const whole = to.stream(answer);
    const cuts = [...whole.matchAll(/\n\n/g)].slice(0, -1).map(({ index }) => index + 2);
    const last = to === openAi ? -2 : -1;
    for (const cut of cuts.slice(0, last)) {
      const { text } = await askRaw(from, to, streamed(from), {
        type: EVENTS,
        body: whole.slice(0, cut),
      });
      expect(text).not.toMatch(ENDS.get(from) as RegExp);
    }
  });

  it.each(rows)('I9: has its end only when its usage event is durable: %s', async (_, from, to) => {
    const given = { type: EVENTS, body: to.stream(answer) };
    const { text, wire: between } = await askRaw(from, to, streamed(from), given);
    expect(between.early()).not.toMatch(ENDS.get(from) as RegExp);
    expect(text).toMatch(ENDS.get(from) as RegExp);
    expect(text.startsWith(between.early()) && between.early() !== '').toBe(true);
  });
});

describe('an answer that its client’s dialect has no words for', () => {
  const unknown: readonly [string, Side, Side, object][] = [
    ['citations', openAi, claude, { content: [{ type: 'text', text: 'a', citations: [{}] }] }],
    ['content block server_tool_use', openAi, claude, { content: [{ type: 'server_tool_use' }] }],
    ['audio', claude, openAi, { choices: [{ message: { audio: { id: 'a' } } }] }],
    [
      'annotations',
      claude,
      openAi,
      { choices: [{ message: { content: 'a', annotations: [{ type: 'url_citation' }] } }] },
    ],
    ['function_call', claude, openAi, { choices: [{ message: { function_call: { name: 'a' } } }] }],
    [
      'content part inlineData',
      claude,
      gemini,
      { candidates: [{ content: { parts: [{ inlineData: {} }] } }] },
    ],
    [
      'finish reason MALFORMED_FUNCTION_CALL',
      openAi,
      gemini,
      { candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL' }] },
    ],
  ];
  it.each(unknown)('%s', async (what, from, to, body) => {
    const given = { type: JSON_TYPE, body: JSON.stringify(body) };
    const { status, text } = await askRaw(from, to, bodies.get(from) as object, given);
    expect([status, text.includes(what)]).toEqual([502, true]);
  });

  it.each([
    ['too large', { text: 'a'.repeat(2 * 1024 * 1024) }],
    ['of too many values', { more: Array.from({ length: 60_000 }, () => []) }],
  ])('is an error where it is %s to be read while others wait', async (_, fields) => {
    const answer = { id: 'a', content: [{ type: 'text', text: 'a', ...fields }] };
    const given = { type: JSON_TYPE, body: JSON.stringify(answer) };
    const whole = await askRaw(openAi, claude, chat, given, 65_536);
    expect([whole.status, whole.text.includes('answer_not_translatable')]).toEqual([502, true]);
  });

  it('is an error of a stream that has begun', async () => {
    const body = events(
      start,
      ...block(0, { type: 'text', text: 'a' }),
      ...block(1, { type: 'server_tool_use' }),
      ...stopped('end_turn'),
    );
    const { text } = await askRaw(openAi, claude, streamed(openAi), { type: EVENTS, body });
    expect([text.includes('answer_not_translatable'), text.includes(done)]).toEqual([true, false]);
  });
});

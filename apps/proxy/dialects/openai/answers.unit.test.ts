import { noQuantities } from '@tollgate/domain/usage/quantities.ts';
import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../../limits.ts';
import type { Answer, AnswerLimits, CallRequest } from '../dialect.ts';
import { chatCompletions } from './chat-request.ts';
import { embeddings } from './embeddings-request.ts';

const messages = [{ role: 'user', content: 'hi' }];
const usage = { prompt_tokens: 30, completion_tokens: 12 };
const STATED = { ...noQuantities(), inputTokens: 30, outputTokens: 12, requests: 1 };
const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const FINISH = event({ choices: [{ delta: {}, finish_reason: 'stop' }] });
const USAGE_CHUNK = event({ choices: [], usage });
const SSE = 'text/event-stream';

function chat(fields: object = {}): CallRequest {
  const body = Buffer.from(JSON.stringify({ model: 'm', messages, ...fields }));
  const read = chatCompletions.read({ body }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  return chatCompletions.open(read.facts);
}

function embed(): CallRequest {
  const read = embeddings.read({ body: Buffer.from('{"model":"m","input":"hi"}') }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  return embeddings.open(read.facts);
}

/** What an answer of this type and body says, and what of it the client gets. */
function answered(
  request: CallRequest,
  type: string | string[] | undefined,
  body: string,
  limits: Partial<AnswerLimits> = {},
) {
  const first = Buffer.from(body);
  const answer: Answer = request.answer(
    { 'content-type': type },
    { ...proxyLimits, ...limits },
    first,
  );
  const early = answer.push(first);
  const said = {
    quantities: answer.quantities(),
    isFinal: answer.isUsageFinal(),
    note: answer.usageNote(),
    model: answer.model(),
    id: answer.id(),
    text: answer.outputText(),
  };
  const relayed = Buffer.concat([...early, ...answer.end()]).toString();
  return { ...said, early: Buffer.concat(early).toString(), relayed };
}

describe('an answer is read as the provider says that it is', () => {
  const stream = event({ id: 'c', model: 's', choices: [{ delta: { content: 'a' } }] });
  const json = JSON.stringify({ id: 'c', model: 's', choices: [{ message: { content: 'a' } }] });

  it.each([SSE, 'Text/Event-Stream; charset=utf-8', `${SSE};x`, [SSE]])(
    'as a stream: %j',
    (type) => {
      expect(answered(chat({ stream: true }), type, stream)).toEqual({
        ...{ quantities: null, isFinal: false, note: null },
        ...{ model: 's', id: 'c', text: 'a', early: stream, relayed: stream },
      });
    },
  );

  it.each(['application/json', 'text/plain', ` ${SSE}`, '', undefined])('as JSON: %j', (type) => {
    expect(answered(chat({ stream: true }), type, json)).toEqual({
      ...{ quantities: null, isFinal: true, note: null },
      ...{ model: 's', id: 'c', text: 'a', early: '', relayed: json },
    });
  });
});

describe('I11: the chunk that states the usage', () => {
  it('is stripped from the stream of a client that did not ask for it', () => {
    for (const stream_options of [undefined, {}, { include_usage: false }]) {
      const { relayed, quantities } = answered(
        chat({ stream: true, stream_options }),
        SSE,
        USAGE_CHUNK,
      );
      expect([relayed, quantities]).toEqual(['', STATED]);
    }
  });

  it('passes to a client that asked for it, or for no stream at all', () => {
    const asked = chat({ stream: true, stream_options: { include_usage: true } });
    for (const request of [asked, chat(), embed()]) {
      expect(answered(request, SSE, FINISH + USAGE_CHUNK)).toMatchObject({
        relayed: FINISH + USAGE_CHUNK,
        quantities: STATED,
        isFinal: true,
      });
    }
  });

  it('is one without choices: a usage next to a choice, or without a list of them, passes', () => {
    for (const choices of [[{ delta: {} }], undefined, {}, null]) {
      const body = event({ choices, usage });
      expect(answered(chat({ stream: true }), SSE, body)).toMatchObject({
        relayed: body,
        quantities: STATED,
        isFinal: false,
      });
    }
    const body = event({ choices: [], usage: null });
    expect(answered(chat({ stream: true }), SSE, body)).toMatchObject({
      relayed: body,
      quantities: null,
    });
  });
});

describe('what a stream says', () => {
  const streamed = (body: string, limits: Partial<AnswerLimits> = {}) =>
    answered(chat({ stream: true }), SSE, body, limits);

  it('the first names count, and only texts are names', () => {
    const body =
      event({ id: 7, model: null }) +
      event({ id: 'a', model: 'b' }) +
      event({ id: 'y', model: 'z' });
    expect(streamed(body)).toMatchObject({ id: 'a', model: 'b' });
    expect(streamed(event({ id: 7 }))).toMatchObject({ id: null, model: null });
  });

  it.each([
    ['zeros behind a total', [usage, { prompt_tokens: 0, completion_tokens: 0 }], 30],
    ['zeros without completion behind a total', [usage, { prompt_tokens: 0 }], 30],
    // litellm#36114, caidaoli/ccLoad#133
    ['a smaller total behind it', [usage, { prompt_tokens: 0, completion_tokens: 1 }], 30],
    ['a larger total behind it', [usage, { prompt_tokens: 31, completion_tokens: 12 }], 31],
    // CLIProxyAPI#2762
    ['nothing behind a total', [usage, {}], 30],
    ['nulls behind a total', [usage, { prompt_tokens: null, completion_tokens: null }], 30],
    ['texts behind a total', [usage, { prompt_tokens: '30', completion_tokens: '12' }], 30],
    ['a part behind a total', [usage, { prompt_tokens: 30 }], 30],
    ['no count behind a total', [usage, { prompt_tokens: -30, completion_tokens: 1.5 }], 30],
    ['texts before a total', [{ prompt_tokens: '3', completion_tokens: '1' }, usage], 30],
    ['the same again', [usage, usage], 30],
    ['the same without its parts', [{ ...usage, cached_tokens: 10 }, usage], 20],
    ['the same with its parts', [usage, { ...usage, cached_tokens: 10 }], 20],
    [
      'more in all',
      [
        { ...usage, cached_tokens: 1 },
        { ...usage, cached_tokens: 10 },
      ],
      20,
    ],
  ])('I8: of %s the most that states anything counts', (_, stated, input) => {
    const body = stated.map((said) => event({ choices: [], usage: said })).join('');
    expect(streamed(body).quantities?.inputTokens).toBe(input);
  });

  it.each([
    ['zeros alone', [{ prompt_tokens: 0, completion_tokens: 0 }], 'usage_below_visible'],
    [
      'more input and less output',
      [usage, { prompt_tokens: 31, completion_tokens: 0 }],
      'usage_contradictory',
    ],
    ['a text that is more', [usage, { completion_tokens: '13' }], 'usage_invalid'],
    ['a part that is more', [usage, { prompt_tokens: 31 }], 'usage_incomplete'],
    ['a total that is more', [usage, { total_tokens: 43 }], 'usage_incomplete'],
    [
      'less from the cache than before',
      [
        { ...usage, cached_tokens: 10 },
        { ...usage, cached_tokens: 9 },
      ],
      'usage_contradictory',
    ],
    [
      'a larger total without its parts',
      [
        { ...usage, cached_tokens: 10 },
        { prompt_tokens: 30, completion_tokens: 13 },
      ],
      'usage_contradictory',
    ],
    [
      'a search before a total',
      [{ ...usage, num_search_queries: 1 }, usage],
      'usage_unread.num_search_queries',
    ],
    [
      'a search behind a total',
      [usage, { num_search_queries: 1 }],
      'usage_unread.num_search_queries',
    ],
  ])('I8: from %s nothing is known, and why', (_, stated, note) => {
    const body = stated.map((said) => event({ choices: [], usage: said })).join('');
    expect(streamed(body)).toMatchObject({ quantities: null, note });
  });

  it('its text is not known once something in it cannot be read', () => {
    const say = (content: string) => event({ choices: [{ delta: { content } }] });
    for (const noise of ['data: {"choices":\n\n', 'data: 3\n\n', 'data: null\n\n']) {
      expect(streamed(say('a') + noise + say('b'))).toMatchObject({ text: null });
    }
    expect(streamed(say('a') + say('b')).text).toBe('ab');
  });

  it('a choice that is none adds nothing to its text', () => {
    expect(streamed(event({ choices: [null, { delta: { content: 'b' } }] })).text).toBe('b');
  });

  it('its text is kept up to the bound, and then nothing of it', () => {
    const say = (content: string) => event({ choices: [{ delta: { content } }] });
    const estimateTextBytesMax = 4;
    expect(streamed(say('ab') + say('cd'), { estimateTextBytesMax }).text).toBe('abcd');
    expect(streamed(say('ab') + say('cde'), { estimateTextBytesMax }).text).toBe(null);
    expect(streamed(say('abcde') + say('') + say('f'), { estimateTextBytesMax }).text).toBe(null);
  });

  it('I9: its end waits, however it is written', () => {
    for (const done of ['data: [DONE]\n\n', 'data:[DONE]\n\n', 'data:  [DONE] \n\n']) {
      expect(streamed(`data: {}\n\n${done}`)).toMatchObject({
        early: 'data: {}\n\n',
        relayed: `data: {}\n\n${done}`,
      });
    }
  });

  it('I3: a last chunk without its end is read, whichever is asked for first', () => {
    const open = () => {
      const answer = chat({ stream: true }).answer({ 'content-type': SSE }, proxyLimits);
      answer.push(Buffer.from(FINISH + USAGE_CHUNK.trimEnd()));
      return answer;
    };
    expect([open().isUsageFinal(), open().quantities()]).toEqual([true, STATED]);
  });

  it('after a large event its usage is read, and its text is not known', () => {
    const big = event({ choices: [{ delta: { content: 'x'.repeat(200) } }] });
    const answer = chat({ stream: true }).answer(
      { 'content-type': SSE },
      { ...proxyLimits, sseEventBytesMax: 64 },
    );
    const relayed = [
      ...answer.push(Buffer.from(big.slice(0, 100))),
      ...answer.push(Buffer.from(big.slice(100) + USAGE_CHUNK)),
    ];
    const total = Buffer.concat([...relayed, ...answer.end()]).toString();
    expect([total, answer.quantities(), answer.outputText()]).toEqual([big, STATED, null]);
  });
});

describe('text behind a total', () => {
  const streamed = (body: string) => answered(chat({ stream: true }), SSE, body);
  const say = (delta: object, fields: object = {}) => event({ choices: [{ delta }], ...fields });
  const more = event({ choices: [{ delta: { content: 'five' }, finish_reason: 'stop' }] });

  // vllm-project/semantic-router#2215: a preview came first, and every cancel was billed by it.
  it.each([
    ['more text', USAGE_CHUNK + more],
    ['more thoughts', USAGE_CHUNK + say({ reasoning_content: 'x' })],
    ['a picture', USAGE_CHUNK + say({ images: [{ url: 'data:' }] })],
    ['what nobody can read', `${USAGE_CHUNK}data: {"choices":\n\n`],
    [
      'more text, and less again',
      USAGE_CHUNK +
        more +
        event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 1 } }),
    ],
  ])('I8: is not in it: %s', (_, body) => {
    expect(streamed(body)).toMatchObject({
      ...{ quantities: null, isFinal: false, note: 'usage_not_final' },
    });
  });

  it('I8: may still come behind a total that comes before the end was said', () => {
    const text = say({ content: 'five' });
    for (const body of [USAGE_CHUNK, text + USAGE_CHUNK, USAGE_CHUNK + FINISH]) {
      expect(streamed(body)).toMatchObject({ quantities: STATED, isFinal: false });
    }
  });

  it('is in a total that comes again behind it', () => {
    const larger = event({ choices: [], usage: { prompt_tokens: 30, completion_tokens: 19 } });
    expect(streamed(USAGE_CHUNK + more + larger)).toMatchObject({
      ...{ quantities: { outputTokens: 19 }, isFinal: true, note: null },
    });
    expect(streamed(USAGE_CHUNK + more + USAGE_CHUNK)).toMatchObject({
      ...{ quantities: STATED, isFinal: true, note: null },
    });
    expect(streamed(more + USAGE_CHUNK + say({ content: '', role: 'assistant' }))).toMatchObject({
      ...{ quantities: STATED, isFinal: true, note: null },
    });
  });

  it('I8: a figure that stays small while text comes is each chunk’s own', () => {
    const each = say(
      { content: 'some words of text ' },
      { usage: { prompt_tokens: 9, completion_tokens: 1 } },
    );
    expect(streamed(each + each)).toMatchObject({ quantities: null, note: 'usage_contradictory' });
    const whole = say({ content: 'some words of text ' }, { usage });
    expect(streamed(whole + whole)).toMatchObject({ quantities: STATED, note: null });
  });

  // earendil-works/pi#2017, vercel/ai#1651
  it('is in a usage next to it, wherever that is', () => {
    const finish = { delta: {}, finish_reason: 'stop' };
    for (const last of [
      event({ choices: [{ ...finish, usage }] }),
      event({ choices: [{ ...finish, delta: { usage } }] }),
      event({ choices: [finish], x_groq: { id: 'r', usage: { ...usage, queue_time: 0.5 } } }),
      event({ choices: [finish], usage, x_groq: { usage } }),
    ]) {
      expect(streamed(more + last)).toMatchObject({ quantities: STATED, isFinal: false });
    }
  });

  it('I8: of several choices nobody knows whose it is', () => {
    const of = (index: number) => event({ choices: [{ index, delta: { content: 'x' }, usage }] });
    expect(streamed(of(0) + of(1))).toMatchObject({
      ...{ quantities: null, note: 'usage_contradictory' },
    });
  });
});

describe('what a JSON answer says', () => {
  const said = (body: string, limits: Partial<AnswerLimits> = {}) =>
    answered(chat(), 'application/json', body, limits);

  it('I8: nothing, if it is no object that says it', () => {
    const nothing = { quantities: null, model: null, id: null };
    for (const body of ['', 'null', '3', '[]', '{"usage":', '{"id":7,"model":{}}']) {
      expect(said(body)).toMatchObject(nothing);
    }
  });

  it('beyond the bound its usage and names are looked for, and its text is not known', () => {
    const body = JSON.stringify({ id: 'c', model: 's', text: 'x'.repeat(100), usage });
    const limits = { heldAnswerBytesMax: 100, answerTailBytes: 60 };
    const answer = chat().answer({ 'content-type': '' }, { ...proxyLimits, ...limits });
    const sent = [...Buffer.from(body)].flatMap((byte) => answer.push(Buffer.from([byte])));
    expect([Buffer.concat([...sent, ...answer.end()]).toString(), answer.quantities()]).toEqual([
      body,
      STATED,
    ]);
    expect([answer.model(), answer.id(), answer.outputText()]).toEqual(['s', 'c', null]);
  });

  it('beyond the bound its text is not known, although its end may be read', () => {
    const limits = { heldAnswerBytesMax: 10, answerTailBytes: 10 };
    const answer = chat().answer({}, { ...proxyLimits, ...limits });
    answer.push(Buffer.from(' '.repeat(20)));
    answer.push(Buffer.from('{"choices":[]}'));
    expect(answer.outputText()).toBe(null);
  });

  it('its text is that of all its choices', () => {
    const choices = [{ message: { content: 'a' } }, null, { message: { content: 'b' } }];
    expect(said(JSON.stringify({ choices })).text).toBe('a\nb');
    expect([said('{"choices":{}}').text, said('{}').text, said('null').text]).toEqual([
      '',
      '',
      null,
    ]);
  });
});

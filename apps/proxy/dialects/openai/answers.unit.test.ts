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
        quantities: null,
        isFinal: false,
        ...{ model: 's', id: 'c', text: 'a', early: stream, relayed: stream },
      });
    },
  );

  it.each(['application/json', 'text/plain', ` ${SSE}`, '', undefined])('as JSON: %j', (type) => {
    expect(answered(chat({ stream: true }), type, json)).toEqual({
      quantities: null,
      isFinal: true,
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
      expect(answered(request, SSE, USAGE_CHUNK)).toMatchObject({
        relayed: USAGE_CHUNK,
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
    ['a later total', [usage, { prompt_tokens: 0, completion_tokens: 1 }], 0],
    ['a later total of the prompt', [usage, { prompt_tokens: 31, completion_tokens: 0 }], 31],
    ['zeros alone', [{ prompt_tokens: 0, completion_tokens: 0 }], 0],
  ])('I8: of %s the last that states anything counts', (_, stated, input) => {
    const body = stated.map((said) => event({ choices: [], usage: said })).join('');
    expect(streamed(body).quantities?.inputTokens).toBe(input);
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
      answer.push(Buffer.from(USAGE_CHUNK.trimEnd()));
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

describe('what a JSON answer says', () => {
  const said = (body: string, limits: Partial<AnswerLimits> = {}) =>
    answered(chat(), 'application/json', body, limits);

  it('I8: nothing, if it is no object that says it', () => {
    const nothing = { quantities: null, model: null, id: null };
    for (const body of ['', 'null', '3', '[]', '{"usage":', '{"id":7,"model":{}}']) {
      expect(said(body)).toMatchObject(nothing);
    }
  });

  it('beyond the bound only its usage is looked for, at its end', () => {
    const body = JSON.stringify({ id: 'c', model: 's', text: 'x'.repeat(100), usage });
    const limits = { heldAnswerBytesMax: 100, answerTailBytes: 60 };
    const answer = chat().answer({ 'content-type': '' }, { ...proxyLimits, ...limits });
    const sent = [...Buffer.from(body)].flatMap((byte) => answer.push(Buffer.from([byte])));
    expect([Buffer.concat([...sent, ...answer.end()]).toString(), answer.quantities()]).toEqual([
      body,
      STATED,
    ]);
    expect([answer.model(), answer.id(), answer.outputText()]).toEqual([null, null, null]);
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
    expect(said(JSON.stringify({ choices })).text).toBe('a\n\nb');
    expect([said('{"choices":{}}').text, said('{}').text, said('null').text]).toEqual([
      '',
      '',
      null,
    ]);
  });
});

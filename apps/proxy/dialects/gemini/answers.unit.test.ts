/** Answers of Gemini's dialect, whole and as streams, however they are cut. */
import { noQuantities } from '@tollgate/domain/usage/quantities.ts';
import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../../limits.ts';
import type { Answer } from '../dialect.ts';
import { generateContent, streamGenerateContent } from './generate-request.ts';

const part = (text: string, fields: object = {}) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...fields }],
  modelVersion: 'up-gem',
  responseId: 'r1',
});
const end = { finishReason: 'STOP' };
const usage = (candidatesTokenCount: number) => ({
  usageMetadata: {
    ...{ promptTokenCount: 5, candidatesTokenCount, thoughtsTokenCount: 186 },
    totalTokenCount: 191 + candidatesTokenCount,
  },
});
const STATED = {
  ...{ ...noQuantities(), inputTokens: 5, outputTokens: 44, reasoningTokens: 186, requests: 1 },
};
const parts = [
  { ...part('Hier'), ...usage(39) },
  { ...part(' ist es: é✓🎉 "}]\\'), ...usage(40) },
  { ...part('', end), ...usage(44) },
];
const events = (all: readonly object[], line = '\r\n') =>
  all.map((each) => `data: ${JSON.stringify(each)}${line}${line}`).join('');
const array = (all: readonly object[]) =>
  `[${all.map((each) => JSON.stringify(each, null, 2)).join('\n,\r\n')}\n]\n`;

const CONTENTS = [{ parts: [{ text: 'hi' }] }];

function opened(asEvents: boolean, request: object = {}, stream = true) {
  const endpoint = stream ? streamGenerateContent : generateContent;
  const body = Buffer.from(JSON.stringify({ contents: CONTENTS, ...request }));
  const read = endpoint.read({ body, target: { model: 'up-gem', asEvents } }, 64);
  if (!read.ok) throw new Error(read.refusal.code);
  return endpoint.open(read.facts);
}

function relay(chunks: readonly Buffer[], asEvents: boolean, request: object = {}) {
  const type = asEvents ? 'text/event-stream' : 'application/json';
  const answer = opened(asEvents, request).answer({ 'content-type': type }, proxyLimits, chunks[0]);
  const early = chunks.flatMap((bytes) => answer.push(bytes));
  return { ...seenOf(answer), early: textOf(early), late: textOf(answer.end()) };
}

function seenOf(answer: Answer) {
  return {
    ...{ usage: answer.quantities(), note: answer.usageNote(), isFinal: answer.isUsageFinal() },
    ...{ model: answer.model(), id: answer.id(), fault: answer.fault() },
    ...{ unpriced: answer.unpricedBy?.() ?? null, isWhole: answer.isWhole() },
  };
}

const textOf = (all: readonly Buffer[]) => Buffer.concat(all).toString();
const GOOD = {
  ...{ usage: STATED, note: null, isFinal: true, model: 'up-gem', id: 'r1', fault: null },
  ...{ unpriced: null, isWhole: true },
};

describe('a stream of Gemini', () => {
  // nyo16/nous#26, ankit373/hydra#855
  it.each([
    ['of events', events(parts), true],
    ['of events with line feeds', events(parts, '\n'), true],
    ['as an array', array(parts), false],
    ['as an array without spaces', JSON.stringify(parts), false],
  ])('%s is read and relayed the same, split at every byte', (_, body, asEvents) => {
    const bytes = Buffer.from(body);
    for (let at = 1; at < bytes.length; at++) {
      const split = relay([bytes.subarray(0, at), bytes.subarray(at)], asEvents);
      const { early, late, ...seen } = split;
      expect(seen).toEqual(GOOD);
      expect(early + late).toBe(body);
    }
    const { early, late } = relay(
      [...bytes].map((byte) => Buffer.of(byte)),
      asEvents,
    );
    expect(early + late).toBe(body);
  });

  it.each([
    ['I9: the events of a stream pass as they come, and the last one waits', events, true],
    ['I9: the elements of an array pass as they come, and the last one waits', array, false],
  ])('%s', (_, form, asEvents) => {
    const { early, late } = relay([Buffer.from(form(parts))], asEvents);
    expect([early.includes('Hier'), early.includes('ist es'), early.includes('STOP')]).toEqual([
      ...[true, true, false],
    ]);
    expect(late).toContain('STOP');
  });

  it.each([
    ['I8: what it used is unknown if it breaks off', parts.slice(0, 2), 'usage_not_final'],
    [
      'I8: what it used is unknown if it ends and says nothing more',
      [parts[0], part('', end)],
      'usage_not_final',
    ],
    [
      'I8: what it used is unknown if more is written behind its totals',
      [...parts, part('more')],
      'usage_not_final',
    ],
    ['I8: what it used is unknown if it states nothing', [part('a'), part('', end)], null],
    [
      'I8: what it used is unknown if it states zeros',
      [part('a'), { ...part('', end), usageMetadata: { promptTokenCount: 0, totalTokenCount: 0 } }],
      'usage_below_visible',
    ],
  ])('%s', (_, all, note) => {
    for (const asEvents of [true, false]) {
      const body = Buffer.from(asEvents ? events(all as object[]) : array(all as object[]));
      const seen = relay([body], asEvents);
      expect([seen.usage, seen.note, seen.fault]).toEqual([null, note, null]);
    }
  });

  it('states its totals once all its candidates have ended, or when the connection does', () => {
    const other = {
      candidates: [{ content: { parts: [{ text: 'b' }] }, index: 1, finishReason: 'STOP' }],
    };
    const config = { generationConfig: { candidateCount: 2 } };
    const both = [part('a'), { ...part('', end), ...usage(30) }, { ...other, ...usage(44) }];
    const first = both.slice(0, 2);
    const of = (all: object[]) => {
      const { usage: stated, isFinal } = relay([Buffer.from(events(all))], true, config);
      return [stated?.outputTokens ?? null, isFinal];
    };
    expect([of(both), of(first)]).toEqual([
      [44, true],
      [30, false],
    ]);
  });

  it('an error in it, or in its place, is one', () => {
    const error = { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } };
    for (const body of [
      array([parts[0] as object, error]),
      array([error]),
      JSON.stringify(error),
    ]) {
      expect(relay([Buffer.from(body)], false)).toMatchObject({ fault: 'error', usage: null });
    }
    expect(relay([Buffer.from(events([error]))], true).fault).toBe('error');
    expect(relay([Buffer.from('[]')], false).fault).toBe('nothing');
  });

  it('an element without an end is relayed, and so is one that is too large to be read', () => {
    const large = array([part('x'.repeat(9_000_000)), { ...part('', end), ...usage(44) }]);
    const { early, late, ...seen } = relay([Buffer.from(large)], false);
    expect([early + late === large, seen.usage]).toEqual([true, STATED]);
    const cut = array(parts).slice(0, -200);
    const rest = relay([Buffer.from(cut)], false);
    expect([rest.early + rest.late, rest.usage]).toEqual([cut, null]);
  });
});

function whole(answer: object | string) {
  const body = Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer));
  const read = opened(false, {}, false).answer({}, proxyLimits, body);
  read.push(body);
  return { ...seenOf(read), refusedFor: read.refusedFor(), bytes: textOf(read.end()) };
}

describe('a whole answer of Gemini', () => {
  it('states what it used', () => {
    const answer = { ...part('Hello', end), ...usage(44) };
    expect(whole(answer)).toMatchObject({ ...GOOD, bytes: JSON.stringify(answer) });
  });

  it('to a prompt that was blocked is no error, and its prompt is billed', () => {
    const blocked = {
      promptFeedback: { blockReason: 'SAFETY' },
      usageMetadata: { promptTokenCount: 31, totalTokenCount: 31 },
    };
    const billed = { ...noQuantities(), inputTokens: 31, requests: 1 };
    expect(whole(blocked)).toMatchObject({ usage: billed, note: null, fault: null });
    const stream = relay([Buffer.from(events([blocked]))], true);
    expect(stream).toMatchObject({ usage: billed, isFinal: true, fault: null, early: '' });
  });

  it('that searched has tokens that are known, and a cost that is not', () => {
    const found = { webSearchQueries: ['a', 'b'], groundingChunks: [] };
    const answer = { ...part('a', { ...end, groundingMetadata: found }), ...usage(44) };
    expect(whole(answer)).toMatchObject({ usage: STATED, unpriced: 'fee_unstated' });
    const none = { ...part('a', { ...end, groundingMetadata: {} }), ...usage(44) };
    expect(whole(none).unpriced).toBe(null);
  });

  it('may be an error, or nothing', () => {
    const message = 'The input token count exceeds the maximum context length.';
    expect(whole({ error: { code: 400, message } })).toMatchObject({
      ...{ fault: 'error', refusedFor: 'context_window', usage: null },
    });
    expect([whole('').fault, whole('{}').fault, whole('Bad gateway').fault]).toEqual([
      ...['nothing', 'nothing', 'error'],
    ]);
  });
});

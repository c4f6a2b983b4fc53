import { describe, expect, it } from 'vitest';
import { Redactor } from './redactor.ts';

const EMAIL = String.raw`[\w.]+@[\w.]+\.\w+`;
const CARD = String.raw`\b\d{16}\b`;
const redactor = new Redactor([EMAIL, CARD]);
const body = (text: string) => redactor.body(Buffer.from(text));
const textOf = (text: string) => body(text).text ?? '';
const event = (content: string, index = 0) =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index, delta: { content } }] })}`;
/** What a reader of the stream reads of one answer. */
const spoken = (text: string, of = 0) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)))
    .flatMap(({ choices }) => choices)
    .map(({ index, delta }) => (index === of ? delta.content : ''))
    .join('');

it('I12: both bodies of a payload are redacted, and the rest stays', () => {
  const facts = {
    ...{ callId: 'c', keyId: 'k', customerId: 'cus', teamId: null, timeMs: 1, endpoint: 'e' },
    ...{ model: 'm', httpStatus: 200 },
  };
  const bytes = Buffer.from('from alice@example.com');
  expect(redactor.payload({ ...facts, request: bytes, answer: bytes })).toEqual({
    ...facts,
    request: { text: 'from [redacted]', note: null },
    answer: { text: 'from [redacted]', note: null },
  });
});

describe('a body', () => {
  it('is stored without what matches, wherever it is in it', () => {
    const given = {
      messages: [{ role: 'user', content: 'I am alice@example.com, and bob@example.com too' }],
      'carol@example.com': { card: 4_111_111_111_111_111, n: 7, nested: [['dave@example.com']] },
    };
    expect(JSON.parse(textOf(JSON.stringify(given)))).toEqual({
      messages: [{ role: 'user', content: 'I am [redacted], and [redacted] too' }],
      '[redacted]': { card: '[redacted]', n: 7, nested: [['[redacted]']] },
    });
  });

  it('is compared as it reads, not as it is escaped', () => {
    expect(textOf(String.raw`{"a":"alice\u0040example.com","b":"\u0061lice@example.com"}`)).toBe(
      '{"a":"[redacted]","b":"[redacted]"}',
    );
  });

  it('I12: never has a key of ours or of a provider, whatever the operator asks for', () => {
    const keys = ['tg_live_0123456789abcdefghijABCDEF', 'sk-proj-0123456789abcdef_XYZ'];
    const shown = new Redactor([]).body(
      Buffer.from(JSON.stringify({ keys, text: `a ${keys[0]}` })),
    );
    expect(shown).toEqual({
      text: '{"keys":["[redacted]","[redacted]"],"text":"a [redacted]"}',
      note: null,
    });
  });

  it('that is no JSON is read as text', () => {
    expect(textOf('Service of alice@example.com unavailable')).toBe(
      'Service of [redacted] unavailable',
    );
    expect(textOf('')).toBe('');
  });

  it('is not stored if it cannot be read, so that nothing passes unread', () => {
    expect(redactor.body(null)).toEqual({ text: null, note: 'too_large' });
    expect(redactor.body(Buffer.from([0x1f, 0x8b, 0xff]))).toEqual({
      text: null,
      note: 'not_text',
    });
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(body(deep)).toEqual({ text: null, note: 'unreadable' });
    const cut = String.raw`{"content":"alice\u0040example.com`;
    expect(body(cut)).toEqual({ text: null, note: 'unreadable' });
  });
});

describe('a stream', () => {
  it('has no secret whose letters come in several events', () => {
    const parts = ['mail ali', 'ce@', 'exam', 'ple', '.com now, or bob@example.com'];
    const stream = `${parts.map((part) => event(part)).join('\n\n')}\n\ndata: [DONE]\n\n`;
    const shown = textOf(stream);
    expect(spoken(shown)).toBe('mail [redacted] now, or [redacted]');
    expect(shown.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
    expect(shown.split('data: ').length).toBe(stream.split('data: ').length);
  });

  it('keeps the parts of several answers apart that come in turn', () => {
    const stream = [
      event('ali', 0),
      event('hello ', 1),
      event('ce@example.com', 0),
      event('you', 1),
    ];
    const shown = textOf(`${stream.join('\n\n')}\n\n`);
    expect([spoken(shown, 0), spoken(shown, 1)]).toEqual(['[redacted]', 'hello you']);
  });

  it('that breaks off is stored up to the event that cannot be read', () => {
    const cut = String.raw`data: {"choices":[{"delta":{"content":"ce\u0040example.com`;
    expect(textOf(`${event('to bob@example.com, ali')}\n\n${cut}`)).toBe(
      `${event('to [redacted], ali')}\n\ndata: [unreadable]`,
    );
  });
});

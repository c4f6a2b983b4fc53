import { describe, expect, it } from 'vitest';
import { type EventVerdict, SseRelay } from './sse-relay.ts';

/** Relays these chunks past a reader that says what is in the event: `hold…`, `drop…`, or neither. */
function relay(chunks: readonly string[], eventBytesMax = 1_000) {
  const read: string[] = [];
  const reader = {
    read(data: string): EventVerdict {
      read.push(data);
      if (data.startsWith('hold')) return 'hold';
      return data.startsWith('drop') ? 'drop' : 'pass';
    },
    onUnread: () => read.push('(unread)'),
  };
  const sse = new SseRelay(reader, eventBytesMax);
  const early = chunks.map((chunk) => text(sse.push(Buffer.from(chunk))));
  return { sse, read, early, late: text(sse.end()) };
}

const text = (parts: readonly Buffer[]) => Buffer.concat(parts).toString('utf8');

/** How a whole body is read and relayed when it comes in one piece. */
function relayed(body: string) {
  const { read, early, late } = relay([body]);
  return [read, early.join(''), late];
}

describe('events are shown to the reader and leave when they have ended', () => {
  it.each([
    ['a line feed', '\n'],
    ['a carriage return and a line feed', '\r\n'],
  ])('whose lines end in %s', (_, end) => {
    const body = `data: a${end}${end}data: b${end}${end}`;
    expect(relayed(body)).toEqual([['a', 'b'], body, '']);
  });

  it('whose lines end in a carriage return, which may be half of an end', () => {
    expect(relayed('data: a\r\rdata: b\r\r')).toEqual([['a', 'b'], 'data: a\r\r', 'data: b\r\r']);
  });

  it('whose empty line ends otherwise than the line before it', () => {
    for (const end of ['\n\r\n', '\r\n\n', '\n\r', '\r\r\n']) {
      const first = `data: a${end}`;
      expect([end, ...relayed(`${first}data: b\n\n`)]).toEqual([
        end,
        ['a', 'b'],
        `${first}data: b\n\n`,
        '',
      ]);
    }
  });

  it.each([
    ['data:a\n\n', ['a']],
    ['data:  a\n\n', [' a']],
    ['data: a\ndata: b\n\n', ['a\nb']],
    ['data\n\n', []],
    [': a comment\n\n', []],
    ['event: x\nid: 1\ndata: a\nretry: 5\n\n', ['a']],
    ['\ufeffdata: a\n\n', ['a']],
    ['data: \ufeffa\n\n', ['\ufeffa']],
    ['data:\n\n', ['']],
    ['database: x\n\n', []],
  ])('%j has the data %j', (body, data) => {
    expect(relayed(body)).toEqual([data, body, '']);
  });

  it('not before: an event without its end is read when it is asked for, and leaves last', () => {
    const { sse, read, early } = relay([]);
    expect([text(sse.push(Buffer.from('data: a\n\ndata: b\n'))), read]).toEqual([
      'data: a\n\n',
      ['a'],
    ]);
    expect([sse.readUnended(), sse.readUnended(), text(sse.end()), read, early]).toEqual([
      true,
      true,
      'data: b\n',
      ['a', 'b'],
      [],
    ]);
    expect([sse.readUnended(), text(sse.end())]).toEqual([true, '']);
  });

  it('also where one begins with an empty line, or the last has one byte', () => {
    expect(relay(['\n\n', 'data: a\n\n']).early).toEqual(['\n\n', 'data: a\n\n']);
    expect(relay(['data: a\n\n\n\n']).early).toEqual(['data: a\n\n\n\n']);
    expect(relay(['data: a\n\nx'])).toMatchObject({ early: ['data: a\n\n'], late: 'x' });
  });

  it('each for itself, however short it is after a long one', () => {
    expect(relay(['data:aaaaaaaaaaaa\n', '\ndata:b\n\ndata:c\n\n']).read).toEqual([
      ...['aaaaaaaaaaaa', 'b', 'c'],
    ]);
  });

  it('without its end too, although it was asked for when there was none', () => {
    const { sse, read } = relay([]);
    sse.readUnended();
    sse.push(Buffer.from('data: b'));
    expect([sse.readUnended(), read]).toEqual([true, ['b']]);
  });

  it('once: after the end nothing is left', () => {
    const { sse, late } = relay(['data: hold\n\n', 'data: b']);
    expect([late, sse.end()]).toEqual(['data: hold\n\ndata: b', []]);
  });

  it('a piece at a time, each as soon as its last byte is there', () => {
    expect(relay(['da', 'ta: a\n', '\nda', 'ta: b\r\n\r', '\n']).early).toEqual([
      ...['', '', 'data: a\n\n', '', 'data: b\r\n\r\n'],
    ]);
  });
});

describe('what the reader says is done', () => {
  it('I9: what is to be held waits, with all that follows, until the end', () => {
    const { read, early, late } = relay(['data: a\n\ndata: hold\n\ndata: b\n\n', 'data: c']);
    expect([read, early, late]).toEqual([
      ['a', 'hold', 'b', 'c'],
      ['data: a\n\n', ''],
      'data: hold\n\ndata: b\n\ndata: c',
    ]);
  });

  it('I9: what is to be held once more does not lose what is held already', () => {
    const body = 'data: hold\n\ndata: a\n\ndata: hold\n\n';
    expect(relayed(body)).toEqual([['hold', 'a', 'hold'], '', body]);
  });

  it('what is dropped does not leave, with or without its end, held or not', () => {
    expect(relayed('data: drop\n\ndata: a\n\ndata: drop')).toEqual([
      ['drop', 'a', 'drop'],
      'data: a\n\n',
      '',
    ]);
    expect(relayed('data: hold\n\ndata: drop\n\n')).toEqual([
      ['hold', 'drop'],
      '',
      'data: hold\n\n',
    ]);
  });
});

describe('an event above the bound', () => {
  const MAX = 20;
  const fits = `data: ${'x'.repeat(MAX - 6)}`;

  it('is one of more bytes than the bound, before its end is there', () => {
    expect(relay([fits], MAX).read).toEqual([fits.slice(6)]);
    expect(relay([`${fits}x`], MAX).read).toEqual(['(unread)']);
    // It came with its end: what is here already is read.
    expect(relay([`${fits}${fits}\n\n`], MAX).read).toEqual([`${fits}${fits}`.slice(6)]);
  });

  it('leaves unread but for the bytes that may be part of its end', () => {
    const { early, late, read } = relay([`${fits}x`, 'yz'], MAX);
    expect([early, late, read]).toEqual([[`${fits}x`.slice(0, -3), ''], 'xxxyz', ['(unread)']]);
  });

  it.each(['\n\n', '\r\n\r\n', '\r\r'])('lets the next event be read again, after %j', (end) => {
    const body = `${fits}xyz${end}`;
    for (let cut = MAX + 1; cut < body.length; cut++) {
      const chunks = [body.slice(0, cut), `${body.slice(cut)}data: a\n\ndata: b\n\n`];
      const { read, early, late } = relay(chunks, MAX);
      const all = early.join('') + late;
      expect([cut, read, all]).toEqual([
        cut,
        ['(unread)', 'a', 'b'],
        `${body}data: a\n\ndata: b\n\n`,
      ]);
    }
  });

  it('is not read, although more of its lines come when it has begun to leave', () => {
    const more = '\ndata: later\n\n';
    expect(relay([`${fits}xyz`, more], MAX)).toMatchObject({
      read: ['(unread)'],
      early: [`${fits}xyz`.slice(0, -3), `xyz${more}`],
    });
    const { sse, read } = relay([], MAX);
    sse.push(Buffer.from(`${fits}xyz`));
    sse.push(Buffer.from('\ndata: l'));
    expect([sse.readUnended(), read]).toEqual([true, ['(unread)']]);
  });

  it('that grows on and on is relayed as it comes, and unread at its end too', () => {
    const chunks = Array.from({ length: 5 }, () => 'data: xxxxxxxxxxxxxxx');
    const { sse, read, early } = relay(chunks, MAX);
    expect(early.every((bytes) => bytes.length > 0)).toBe(true);
    expect(sse.readUnended()).toBe(true);
    expect(new Set(read)).toEqual(new Set(['(unread)']));
  });

  it('I9: waits as well if all has to wait', () => {
    const { early, late } = relay(['data: hold\n\n', `${fits}xyz`, '\n\n'], MAX);
    expect([early, late]).toEqual([['', '', ''], `data: hold\n\n${fits}xyz\n\n`]);
  });
});

import { describe, expect, it } from 'vitest';
import { type EventVerdict, SseRelay } from './sse-relay.ts';

/**
 * Relays these chunks past a reader that says what is in the event: `hold…`, `drop…`, or neither. What
 * has one of a pair of brackets is not understood alone.
 */
function relay(chunks: readonly string[], eventBytesMax = 1_000) {
  const read: string[] = [];
  const reader = {
    read(data: string): EventVerdict | 'part' {
      read.push(data);
      if (data.startsWith('<') !== data.endsWith('>')) return 'part';
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

  it('whose lines end in a carriage return', () => {
    expect(relayed('data: a\r\rdata: b\r\r')).toEqual([['a', 'b'], 'data: a\r\rdata: b\r\r', '']);
  });

  it('with the line feed that belongs to a carriage return before it, wherever they are cut', () => {
    const body = 'data: a\r\n\r\ndata: drop\r\n\r\n: c\r\n\r\nevent: x\r\ndata: hold\r\n\r\n';
    const left = body.replace('data: drop\r\n\r\n', '');
    for (let cut = 0; cut <= body.length; cut++) {
      const { read, early, late } = relay([body.slice(0, cut), body.slice(cut)]);
      expect([cut, read, early.join('') + late]).toEqual([cut, ['a', 'drop', 'hold'], left]);
    }
    const { read, early, late } = relay([...body]);
    expect([read, early.join('') + late]).toEqual([['a', 'drop', 'hold'], left]);
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
    ['data: <a\ndata: b>\n\n', ['<a', 'b>', '<a\nb>']],
    ['data: <a\n: a comment\nid: 2\ndata: b>\n\n', ['<a', 'b>', '<a\nb>']],
    ['data: <a\n\n', ['<a', '(unread)']],
    ['data: <a\ndata: b\n\n', ['<a', 'b', '(unread)']],
    ['data: <a\ndata: <b\n\n', ['<a', '<b', '<a\n<b', '(unread)']],
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

  it('when nobody can tell yet what they say, at their end', () => {
    const { early, late } = relay(['event: x\n', 'data: <a\n', 'data: b>\n', '\n', 'data: <c\n']);
    expect([early, late]).toEqual([
      ['', '', '', 'event: x\ndata: <a\ndata: b>\n\n', ''],
      'data: <c\n',
    ]);
  });

  it('without their end when they are asked for, and leave last', () => {
    const { sse, read } = relay([]);
    sse.readUnended();
    expect([text(sse.push(Buffer.from('data: a\n\ndata: b'))), read]).toEqual([
      'data: a\n\n',
      ['a'],
    ]);
    expect(sse.unended()).toBe('b');
    sse.readUnended();
    sse.readUnended();
    expect([text(sse.end()), read]).toEqual(['data: b', ['a', 'b']]);
    sse.readUnended();
    expect(text(sse.end())).toBe('');
    expect(relayed('data: <a\ndata: b>')).toEqual([
      ['<a', 'b>', '<a\nb>'],
      '',
      'data: <a\ndata: b>',
    ]);
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

  it('once: after the end nothing is left', () => {
    const { sse, late } = relay(['data: hold\n\n', 'data: b']);
    expect([late, sse.end()]).toEqual(['data: hold\n\ndata: b', []]);
  });

  it('a piece at a time, each as soon as the end of its line is there', () => {
    expect(relay(['da', 'ta: a\n', '\nda', 'ta: b\r\n\r', '\n']).early).toEqual([
      ...['', 'data: a\n', '\n', 'data: b\r\n\r', '\n'],
    ]);
  });

  it('many of one chunk in one piece, which is the chunk itself', () => {
    const { sse } = relay([]);
    const chunk = Buffer.from('data: a\n\n: c\n\ndata: b\n\n');
    expect(sse.push(chunk)[0]).toBe(chunk);
  });

  it('comments and empty lines as they come', () => {
    expect(relay([': a\n', '\n', '\n', ': b\n\n'])).toMatchObject({
      early: [': a\n', '\n', '\n', ': b\n\n'],
      late: '',
    });
  });

  // rexxars/eventsource-parser#31: servers part events by one line feed.
  it.each(['\n', '\r\n', '\r'])('parted by %j alone, each as it comes', (end) => {
    const chunks = ['data: a', 'data: drop', 'data: b', 'data: hold', 'data: c'].map(
      (line) => line + end,
    );
    expect(relay(chunks)).toMatchObject({
      read: ['a', 'drop', 'b', 'hold', 'c'],
      early: [`data: a${end}`, '', `data: b${end}`, '', ''],
      late: `data: hold${end}data: c${end}`,
    });
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

describe('the end of what is held', () => {
  it.each([
    ['data: hold\n\n', true],
    ['data: hold\r\r', true],
    ['data: hold\n', false],
    ['data: hold', false],
    ['data: a\n\n', false],
  ])('of %j has come: %s', (body, isWhole) => {
    const { sse } = relay([]);
    sse.push(Buffer.from(body));
    expect(sse.isHeldEventWhole).toBe(isWhole);
  });

  it('is in as few pieces as it came in, however many lines say that it is', () => {
    const { sse } = relay([]);
    const body = 'data: hold\n'.repeat(10_000);
    const early = sse.push(Buffer.from(`data: a\n\n${body}`));
    sse.push(Buffer.from(body));
    const late = sse.end();
    expect([text(early), text(late)]).toEqual(['data: a\n\n', body + body]);
    expect(late.length).toBeLessThan(5);
  });

  it('is dropped with its data, and left if other data of its event has left', () => {
    expect(relayed('data: drop\n\ndata: a\ndata: drop\n\n')).toEqual([
      ['drop', 'a', 'drop'],
      'data: a\n\n',
      '',
    ]);
    expect(relayed('event: x\nid: 1\ndata: drop\nretry: 5\n\ndata: a\n\n')).toEqual([
      ['drop', 'a'],
      'data: a\n\n',
      '',
    ]);
  });
});

describe('the work on a stream grows with its bytes, however it is cut', () => {
  const MiB = 1024 * 1024;

  /** Bytes copied for each byte that came, the chunks that left, and how often the reader was asked. */
  function workOn(body: Buffer, chunkBytes: number) {
    let reads = 0;
    let left = 0;
    const reader = {
      read: (data: string): EventVerdict | 'part' => {
        reads++;
        return data.startsWith('{') ? 'pass' : 'part';
      },
      onUnread: () => undefined,
    };
    const sse = new SseRelay(reader, MiB);
    for (let at = 0; at < body.length; at += chunkBytes) {
      for (const bytes of sse.push(body.subarray(at, at + chunkBytes))) left += bytes.length;
    }
    for (const bytes of sse.end()) left += bytes.length;
    expect(left).toBe(body.length);
    return { copies: sse.copiedBytes / body.length, reads };
  }

  // openai/openai-node#2324: 550 GB were copied for one event of a megabyte in pieces of a byte;
  // nextlevelbuilder/goclaw#1348, openai/openai-go#368: pictures in one line of megabytes.
  it.each([1, 7, 100, 16_384])('one event of a megabyte in chunks of %i bytes', (chunkBytes) => {
    const body = Buffer.from(`data: {"text":"${'x'.repeat(MiB - 100)}"}\n\n`);
    const { copies, reads } = workOn(body, chunkBytes);
    expect([copies < 4, reads]).toEqual([true, 1]);
  });

  it.each([
    ['understood', 'data: {"choices":[]}\n'],
    ['not understood', 'data: x\n'],
    ['without data', 'x\n'],
    ['of comments', ': x\n'],
  ])('3 MB of lines %s, parted by one line feed', (_, line) => {
    const body = Buffer.from(line.repeat(Math.ceil((3 * MiB) / line.length)));
    for (const chunkBytes of [13, 16_384]) {
      const { copies, reads } = workOn(body, chunkBytes);
      expect(copies).toBeLessThan(4);
      expect(reads).toBeLessThanOrEqual(body.length / line.length + 1);
    }
  });

  // KarpelesLab/teamclaude#341: a stream without an empty line took gigabytes.
  it('4 MB without any line end', () => {
    for (const chunkBytes of [11, 65_536]) {
      expect(workOn(Buffer.alloc(4 * MiB, 'x'), chunkBytes).copies).toBeLessThan(2);
    }
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

  it('leaves unread, and the rest of its line as it comes', () => {
    const { early, late, read } = relay([`${fits}x`, 'yz', '\n'], MAX);
    expect([early, late, read]).toEqual([[`${fits}x`, 'yz', '\n'], '', ['(unread)']]);
  });

  it.each(['\n\n', '\r\n\r\n', '\r\r', '\n'])(
    'lets the next event be read again, after %j',
    (end) => {
      const body = `${fits}xyz${end}`;
      for (let cut = MAX + 1; cut < body.length; cut++) {
        const chunks = [body.slice(0, cut), `${body.slice(cut)}data: a\n\ndata: b\n\n`];
        const { read, early, late } = relay(chunks, MAX);
        const all = early.join('') + late;
        expect([cut, read.slice(-2), all]).toEqual([
          cut,
          ['a', 'b'],
          `${body}data: a\n\ndata: b\n\n`,
        ]);
      }
    },
  );

  it('is not read, and lines of it that nobody understands do not wait for its end', () => {
    expect(relay([`${fits}xyz`, '\ndata: <l', 'ate\n', '\n'], MAX)).toMatchObject({
      read: ['(unread)', '<late'],
      early: [`${fits}xyz`, '\n', 'data: <late\n', '\n'],
    });
  });

  it('that grows on and on is relayed as it comes, and unread at its end too', () => {
    const chunks = Array.from({ length: 5 }, () => 'data: xxxxxxxxxxxxxxx');
    const { sse, read, early } = relay(chunks, MAX);
    expect(early.slice(1).every((bytes) => bytes.length > 0)).toBe(true);
    sse.readUnended();
    expect(new Set(read)).toEqual(new Set(['(unread)']));
  });

  it('may have many lines', () => {
    const lines = Array.from({ length: 5 }, () => 'data: <xx\n');
    expect(relay([...lines, '\n', 'data: a\n\n'], MAX)).toMatchObject({
      read: ['<xx', '<xx', '<xx', '(unread)', '<xx', '<xx', 'a'],
      early: ['', '', lines.slice(0, 3).join(''), lines[3], lines[4], '\n', 'data: a\n\n'],
    });
  });

  it('I9: waits as well if all has to wait', () => {
    const { early, late } = relay(['data: hold\n\n', `${fits}xyz`, '\n\n'], MAX);
    expect([early, late]).toEqual([['', '', ''], `data: hold\n\n${fits}xyz\n\n`]);
  });
});

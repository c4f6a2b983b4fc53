import { describe, expect, it } from 'vitest';
import { hasColours, painter } from './colours.ts';
import { type Column, Table } from './table.ts';
import { fitted, harmless, widthOf } from './width.ts';

type Row = { id: string; name: string; note: string };
const columns: Column<Row>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'name', value: ({ name }) => name, min: 6 },
  { title: 'note', value: ({ note }) => note, min: 4, spare: true, align: 'right' },
];
const rows: Row[] = [
  { id: 'key_1', name: '東京支社の顧客サービス', note: 'ok' },
  { id: 'key_2', name: 'Émile 👩‍👩‍👧 family', note: 'a longer note' },
];

function lines(width: number, of = rows): string[] {
  const table = new Table(columns, of, width);
  return [table.header(), ...of.map((row) => table.row(row))];
}

describe('a table', () => {
  it.each([20, 24, 31, 40, 80, 140])('has no line that is wider than %i columns', (width) => {
    const widths = lines(width).map(widthOf);
    expect(Math.max(...widths)).toBeLessThanOrEqual(width);
  });

  it('is as wide as its texts where there is room, and its columns are level', () => {
    expect(lines(80)).toEqual([
      'id     name                             note',
      'key_1  東京支社の顧客サービス             ok',
      'key_2  Émile 👩‍👩‍👧 family         a longer note',
    ]);
  });

  it('cuts with an ellipsis, leaves out what is spare, and never cuts what is copied', () => {
    expect(lines(24)).toEqual([
      'id     name         note',
      'key_1  東京支…        ok',
      'key_2  Émile …         …',
    ]);
    expect(lines(15)).toEqual(['id     name', 'key_1  東京支…', 'key_2  Émile …']);
  });

  it('later rows are cut to the widths of the first: a list of any length is one table', () => {
    const table = new Table(columns, rows, 80);
    const later = table.row({ id: 'key_333', name: 'x', note: 'y' });
    expect(widthOf(later)).toBe(widthOf(table.header()));
  });

  it('a name cannot move the cursor, colour the screen or break the line', () => {
    const evil = { id: 'key_1', name: '\u001b[2J\u001b]0;title\u0007a\r\nb\u202ec', note: '' };
    expect(lines(80, [evil])[1]).toBe('key_1  a b c');
    expect(harmless('tab\there')).toBe('tab here');
  });
});

describe('the width of a text', () => {
  it.each([
    ['plain', 5],
    ['東京', 4],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['ﾊﾝｶｸ', 4],
    ['\u001b[31mred\u001b[39m', 3],
    ['', 0],
  ])('of %j is %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  it('a wide character that does not fit whole is not cut in half', () => {
    expect(fitted('東京都', 4)).toBe('東…');
    expect(fitted('abc', 3)).toBe('abc');
    expect(fitted('abc', 0)).toBe('');
  });
});

describe('colours', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '', FORCE_COLOR: '1' }, false, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ])('with %j on a terminal (%s): %s', (environment, isTerminal, isOn) => {
    expect(hasColours(environment, isTerminal)).toBe(isOn);
  });

  it('a painted text has its colour and the same width', () => {
    const text = painter(true)('red', 'late');
    expect([text === 'late', widthOf(text), painter(false)('red', 'late')]).toEqual([
      false,
      4,
      'late',
    ]);
  });
});

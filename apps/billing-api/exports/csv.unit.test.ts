import { describe, expect, it } from 'vitest';
import { type Column, csvLines, headerLine } from './csv.ts';

type Row = { text: string | null; plain: string | null; count: number | null };

const columns: Column<Row>[] = [
  { name: 'text', value: ({ text }) => text },
  { name: 'plain', value: ({ plain }) => plain, isPlain: true },
  { name: 'count', value: ({ count }) => count },
];

const textOf = (text: string, asIs = false) =>
  csvLines(columns, [{ text, plain: null, count: null }], asIs).replace(/,,\r\n$/, '');

describe('CSV by RFC 4180', () => {
  it('ends lines in CRLF, leaves unknown fields empty, and writes numbers as they are', () => {
    const rows = [
      { text: 'a', plain: '-1.500000000000', count: -3 },
      { text: null, plain: null, count: 0 },
    ];
    expect(headerLine(columns) + csvLines(columns, rows, false)).toBe(
      'text,plain,count\r\na,-1.500000000000,-3\r\n,,0\r\n',
    );
  });

  it.each([
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\r\nb', '"a\r\nb"'],
    ['a\nb', '"a\nb"'],
    [' a ', ' a '],
  ])('quotes what would end a field: %j', (text, field) => {
    expect(textOf(text)).toBe(field);
  });
});

describe('a text that a spreadsheet would take for a formula', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '＝1', "'=1"])(
    'begins with an apostrophe, which a program can take off: %j',
    (text) => {
      const field = textOf(text);
      expect(field).toBe(`'${text}`);
      expect(field.slice(1)).toBe(text);
    },
  );

  it('with a separator in it is in quotes, apostrophe and all', () => {
    expect(textOf('=HYPERLINK("x","y")')).toBe(`"'=HYPERLINK(""x"",""y"")"`);
  });

  it('is left as it is for a program that says so', () => {
    expect(textOf('=1+1', true)).toBe('=1+1');
  });
});

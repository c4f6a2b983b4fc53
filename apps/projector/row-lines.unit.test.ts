import { describe, expect, it } from 'vitest';
import { linesOf } from './row-lines.ts';
import { row } from './testing/rows.ts';

const EPOCHS = new Map([[0, 7n]]);

/** The chunks as text: each is read before the next one is asked for. */
function chunksOf(rows: Parameters<typeof linesOf>[1]): string[] {
  const chunks: string[] = [];
  for (const chunk of linesOf(2, rows, EPOCHS)) chunks.push(Buffer.from(chunk).toString());
  return chunks;
}

describe('the lines of rows', () => {
  it('are the head of the row and the record’s own members, to the byte', () => {
    const text = '{"id":"é","n":1}';
    const rows = [
      row({ offset: 3n, object: Buffer.from(text) }),
      row({
        partition: 1,
        offset: 9n,
        disposition: 'dead',
        deadReason: 'a "ü"',
        idKey: '0',
        object: null,
        appendedAtMs: Date.UTC(2026, 0, 2),
      }),
    ];
    expect(chunksOf(rows)).toEqual([
      '{"log":2,"partition":0,"offset":3,"disposition":"counted","dead_reason":null,' +
        '"insert_epoch":7,"id_key":"1","leaf_hex":"aa","id":"é","n":1}\n' +
        '{"log":2,"partition":1,"offset":9,"disposition":"dead","dead_reason":"a \\"ü\\"",' +
        '"insert_epoch":0,"id_key":"0","leaf_hex":"aa","time":"2026-01-02T00:00:00.000Z"}\n',
    ]);
  });

  it('of no rows are no bytes', () => {
    expect(chunksOf([])).toEqual([]);
  });

  it('fill a buffer to its last byte before the next one', () => {
    const dead = (reason: string) => row({ deadReason: reason, disposition: 'dead', object: null });
    const shortest = chunksOf([dead('')])[0]?.length ?? 0;
    const lengths = (reason: number) =>
      chunksOf([dead(''), dead('x'.repeat(reason))]).map((chunk) => chunk.length);
    // The buffer of two rows has 4 KiB.
    const room = 4096 - 2 * shortest;
    expect(lengths(room)).toEqual([4096]);
    expect(lengths(room + 1)).toEqual([shortest, shortest + room + 1]);
  });

  it('keep their buffer for the rows behind one that did not fit into it any more', () => {
    const dead = (reason: string) => row({ deadReason: reason, disposition: 'dead', object: null });
    // The buffer of three rows has 6 KiB.
    const chunks = chunksOf([dead('x'.repeat(5_900)), dead(''), dead('')]);
    expect(chunks.map((chunk) => chunk.split('\n').length - 1)).toEqual([1, 2]);
  });

  it('have no chunk without a row', () => {
    const long = Buffer.from(`{"text":"${'x'.repeat(9_000)}"}`);
    expect(chunksOf([row({ object: long }), row({ offset: 1n })])).toHaveLength(2);
  });

  it('never cut a row that is longer than the buffer', () => {
    const long = Buffer.from(`{"text":"${'x'.repeat(9_000)}"}`);
    const rows = [row(), row({ offset: 1n, object: long }), row({ offset: 2n })];
    const chunks = chunksOf(rows);
    expect(chunks).toHaveLength(3);
    const lines = chunks.join('').split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line).offset)).toEqual([0, 1, 2]);
    expect(lines[1]).toContain('x'.repeat(9_000));
  });
});

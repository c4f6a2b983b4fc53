/**
 * Rows as JSON lines for the staging table, put together as bytes: the text of a record is never
 * decoded for it. Pure but for the buffer that it fills.
 */
import type { ProjectedRow } from './projection.ts';

const NEWLINE = 0x0a;
/** The brace that a record begins with: the last byte of its row's head is written over it. */
const BRACE_BYTES = 1;
/** One buffer for all lines of a batch would be some 60 MB of garbage each time. */
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
/** What a row takes, more or less; a longer one gets a buffer of its own. */
const ROW_BYTES = 2 * 1024;
const NO_BYTES = new Uint8Array(0);

/**
 * @param epochs the epoch in which each partition is owned
 * @returns chunks of whole lines; each is overwritten when the next one is asked for
 */
export function* linesOf(
  log: number,
  rows: readonly ProjectedRow[],
  epochs: ReadonlyMap<number, bigint>,
): Iterable<Uint8Array> {
  let chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES_MAX, rows.length * ROW_BYTES));
  let at = 0;
  for (const row of rows) {
    const head = headOf(log, row, epochs.get(row.partition) ?? 0n);
    const object = row.object ?? NO_BYTES;
    const bytes = head.length + object.length + 1;
    if (at + bytes > chunk.length) {
      if (at > 0) yield chunk.subarray(0, at);
      at = 0;
      if (bytes > chunk.length) chunk = Buffer.allocUnsafe(bytes);
    }
    // The record is the row (docs/design.md, The usage event): its members follow the head, which
    // replaces its brace.
    chunk.set(object, at + head.length - BRACE_BYTES);
    if (typeof head === 'string') chunk.write(head, at, 'latin1');
    else chunk.set(head, at);
    at += head.length + Math.max(0, object.length - BRACE_BYTES);
    chunk[at++] = NEWLINE;
  }
  if (at > 0) yield chunk.subarray(0, at);
}

/** What comes before the record's own members, ASCII alone; a dead row, in UTF-8, is nothing else. */
function headOf(log: number, row: ProjectedRow, epoch: bigint): string | Buffer {
  const { partition, offset, disposition, deadReason, idKey, leafHex } = row;
  const place =
    `{"log":${log},"partition":${partition},"offset":${offset},` +
    `"disposition":"${disposition}","dead_reason":${JSON.stringify(deadReason)},` +
    `"insert_epoch":${epoch},"id_key":"${idKey}","leaf_hex":"${leafHex}",`;
  if (row.object !== null) return place;
  return Buffer.from(`${place}"time":"${new Date(row.appendedAtMs).toISOString()}"}`);
}

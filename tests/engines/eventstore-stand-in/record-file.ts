/**
 * The stand-in's durable file: one line of JSON per append, so an append is there as a whole or not
 * at all. A line without its end comes from a kill in the middle of a write, and was never
 * acknowledged.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';

export type RecordFile = {
  /** Durable when it returns. */
  write(lines: readonly string[]): void;
  close(): void;
};

const NEWLINE = 0x0a;
const unused = () => undefined;

/** @param path null: nothing is kept */
export function openRecordFile(path: string | null, take: (line: string) => void): RecordFile {
  if (path === null) return { write: unused, close: unused };
  const stored = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const end = stored.lastIndexOf(NEWLINE) + 1;
  for (const line of stored.toString('utf8', 0, end).split('\n')) {
    if (line !== '') take(line);
  }
  const file = openSync(path, 'a');
  ftruncateSync(file, end);
  return {
    write(lines) {
      writeSync(file, lines.map((line) => `${line}\n`).join(''));
      fdatasyncSync(file);
    },
    close: () => closeSync(file),
  };
}

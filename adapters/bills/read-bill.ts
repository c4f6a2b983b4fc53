/**
 * Reads an export piece by piece: JSON, lines of JSON, or separated values, told apart by its first
 * characters. CSV and lines of JSON take the memory of their sums, whatever their size.
 */
import { createHash } from 'node:crypto';
import { BillCollector, BillError, type ReadBill } from './bill-collector.ts';
import { billLimits } from './bill-limits.ts';
import { CsvError, CsvReader } from './csv.ts';
import { parseExact, recordsOf } from './flat-record.ts';

export type DigestedBill = ReadBill & { sha256: string; bytes: number };

type Form = { push(text: string): void; end(): void };

export class BillReader {
  readonly #collector = new BillCollector();
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #hash = createHash('sha256');
  #form: Form | undefined;
  #bytes = 0;

  /** @throws BillError */
  push(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    this.#take(this.#decoded(chunk));
  }

  /** @throws BillError */
  end(): DigestedBill {
    this.#take(this.#decoded(undefined));
    if (this.#form === undefined) throw new BillError('the file is empty');
    guarded(() => this.#form?.end());
    const sha256 = this.#hash.digest('hex');
    return { ...this.#collector.end(), sha256, bytes: this.#bytes };
  }

  #decoded(chunk: Uint8Array | undefined): string {
    try {
      return chunk === undefined
        ? this.#decoder.decode()
        : this.#decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw new BillError('the file is not UTF-8 (a packed one must be unpacked first)', { cause });
    }
  }

  #take(text: string): void {
    const start = this.#form === undefined ? text.trimStart() : text;
    if (start === '') return;
    this.#form ??= /^[[{]/.test(start) ? jsonForm(this.#collector) : csvForm(this.#collector);
    guarded(() => this.#form?.push(start));
  }
}

/** The whole of a text at once. @throws BillError */
export function readBillText(text: string): DigestedBill {
  const reader = new BillReader();
  reader.push(Buffer.from(text));
  return reader.end();
}

function guarded(work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (cause instanceof CsvError) throw new BillError(cause.message, { cause });
    throw cause;
  }
}

function csvForm(collector: BillCollector): Form {
  const reader = new CsvReader();
  let header: string[] | undefined;
  const take = (rows: ReturnType<CsvReader['push']>): void => {
    for (const { line, cells } of rows) {
      if (header === undefined) header = cells.map((cell) => cell.trim());
      else if (cells.length !== header.length) {
        collector.malformed(line, `${cells.length} cells under ${header.length} columns`);
      } else collector.add({ line, fields: Object.fromEntries(header.map(pairWith(cells))) });
    }
  };
  return { push: (text) => take(reader.push(text)), end: () => take(reader.end()) };
}

const pairWith = (cells: readonly string[]) => (name: string, index: number) =>
  [name, cells[index] ?? ''] as const;

/** One document, or lines that are documents themselves: then each is read once it is whole. */
function jsonForm(collector: BillCollector): Form {
  let text = '';
  let line = 0;
  let isLines: boolean | undefined;
  let records = 0;
  const add = (document: unknown, at: number | undefined): void => {
    for (const fields of recordsOf(document)) collector.add({ line: at ?? ++records, fields });
  };
  const takeLine = (one: string): void => {
    line++;
    if (one.trim() === '') return;
    try {
      add(parseExact(one), line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      collector.malformed(line, 'no JSON');
    }
  };
  return {
    push(piece) {
      text += piece;
      if (isLines === undefined && text.includes('\n')) {
        isLines = isDocument(text.slice(0, text.indexOf('\n')));
      }
      if (isLines === true) {
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        for (const one of lines) takeLine(one);
      }
      const most = isLines === true ? billLimits.lineBytesMax : billLimits.jsonBytesMax;
      if (text.length > most) throw new BillError(`a JSON document of more than ${most} bytes`);
    },
    end() {
      if (isLines === true) return takeLine(text);
      try {
        add(parseExact(text), undefined);
      } catch (cause) {
        if (!(cause instanceof SyntaxError)) throw cause;
        throw new BillError(`the file is no JSON: ${cause.message}`, { cause });
      }
    },
  };
}

function isDocument(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

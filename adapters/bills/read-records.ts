/**
 * The records of an export, piece by piece: JSON, lines of JSON, or separated values, told apart by its first
 * characters. CSV and lines of JSON take the memory of one record, whatever their size.
 */
import { BillError } from './bill-collector.ts';
import { billLimits } from './bill-limits.ts';
import { CsvError, CsvReader } from './csv.ts';
import { type FlatRecord, parseExact, recordsOf } from './flat-record.ts';

/** What is told of each record, in the order of the file. */
export type RecordSink = {
  add(record: FlatRecord): void;
  /** A record that is no record at all: a line of JSON that does not parse. */
  malformed(line: number, message: string): void;
};

type Form = { push(text: string): void; end(): void };

export class RecordReader {
  readonly #sink: RecordSink;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #form: Form | undefined;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** @throws BillError */
  push(chunk: Uint8Array): void {
    this.#take(this.#decoded(chunk));
  }

  /** @throws BillError */
  end(): void {
    this.#take(this.#decoded(undefined));
    if (this.#form === undefined) throw new BillError('the file is empty');
    guarded(() => this.#form?.end());
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
    this.#form ??= /^[[{]/.test(start) ? jsonForm(this.#sink) : csvForm(this.#sink);
    guarded(() => this.#form?.push(start));
  }
}

function guarded(work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (cause instanceof CsvError) throw new BillError(cause.message, { cause });
    throw cause;
  }
}

function csvForm(sink: RecordSink): Form {
  const reader = new CsvReader();
  let header: string[] | undefined;
  const take = (rows: ReturnType<CsvReader['push']>): void => {
    for (const { line, cells } of rows) {
      if (header === undefined) header = cells.map((cell) => cell.trim());
      else if (cells.length !== header.length) {
        sink.malformed(line, `${cells.length} cells under ${header.length} columns`);
      } else sink.add({ line, fields: Object.fromEntries(header.map(pairWith(cells))) });
    }
  };
  return { push: (text) => take(reader.push(text)), end: () => take(reader.end()) };
}

const pairWith = (cells: readonly string[]) => (name: string, index: number) =>
  [name, cells[index] ?? ''] as const;

/** One document, or lines that are documents themselves: then each is read once it is whole. */
function jsonForm(sink: RecordSink): Form {
  let text = '';
  let line = 0;
  let isLines: boolean | undefined;
  let records = 0;
  const add = (document: unknown, at: number | undefined): void => {
    for (const fields of recordsOf(document)) sink.add({ line: at ?? ++records, fields });
  };
  const takeLine = (one: string): void => {
    line++;
    if (one.trim() === '') return;
    try {
      add(parseExact(one), line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      sink.malformed(line, 'no JSON');
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

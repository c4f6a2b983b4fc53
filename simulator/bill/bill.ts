/**
 * The bill: an append-only file with one line per charged attempt. A charge is durable before
 * `charge` resolves, and only then may the answer state its usage. Charges that wait at the same
 * time share one write and one fsync. A line that cannot be written ends the process: an oracle
 * that forgets a charge is worse than none.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { placedLines } from './bill-file.ts';
import type { BillLine, Charge } from './bill-line.ts';
import { BillSummary } from './bill-summary.ts';

type Waiting = { readonly line: BillLine; readonly text: string; readonly done: () => void };

export class Bill {
  readonly path: string;
  readonly summary: BillSummary;
  readonly #file: FileHandle;
  readonly #onFailure: (cause: unknown) => void;
  #nextSeq: number;
  #durableBytes: number;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  private constructor(
    path: string,
    file: FileHandle,
    found: Found,
    onFailure: (cause: unknown) => void,
  ) {
    this.path = path;
    this.#file = file;
    this.summary = found.summary;
    this.#nextSeq = found.lastSeq + 1;
    this.#durableBytes = found.bytes;
    this.#onFailure = onFailure;
  }

  /**
   * Opens or continues the bill at `path`. A torn last line (a crash within a write) is dropped
   * and reported through `say`; damage before the last line is an error.
   */
  static async open(
    path: string,
    say: (message: string) => void,
    onFailure: (cause: unknown) => void,
  ): Promise<Bill> {
    const file = await open(path, 'a+');
    const { size } = await file.stat();
    const found = await recover(path, size);
    if (found.bytes < size) {
      say(`${path}: dropped a torn last line of ${size - found.bytes} bytes`);
      await file.truncate(found.bytes);
    }
    await file.sync();
    await syncFolder(dirname(path));
    return new Bill(path, file, found, onFailure);
  }

  /** Appends one line; resolves when it is durable. */
  charge(charge: Charge): Promise<void> {
    const line: BillLine = {
      seq: this.#nextSeq,
      time: new Date().toISOString(),
      ...charge,
    };
    this.#nextSeq += 1;
    return new Promise((done) => {
      this.#waiting.push({ line, text: `${JSON.stringify(line)}\n`, done });
      this.#flushing ??= this.#flush();
    });
  }

  /** The bytes of all durable lines numbered `fromSeq` and above. */
  async read(fromSeq: number): Promise<Readable | undefined> {
    const end = this.#durableBytes;
    let start = 0;
    if (fromSeq > 1) {
      // Numbers have no gap and start at 1, so the line before `fromSeq` is the (fromSeq - 1)-th.
      let seq = 0;
      for await (const line of placedLines(this.path, end)) {
        seq += 1;
        start = line.end;
        if (seq === fromSeq - 1) break;
      }
    }
    return start < end ? createReadStream(this.path, { start, end: end - 1 }) : undefined;
  }

  /** The durable lines of one attempt id: one, unless a client used the id twice. */
  async linesOf(attemptId: string): Promise<BillLine[]> {
    const needle = `"attempt_id":${JSON.stringify(attemptId)},`;
    const lines: BillLine[] = [];
    for await (const { text } of placedLines(this.path, this.#durableBytes)) {
      if (text.includes(needle)) lines.push(JSON.parse(text) as BillLine);
    }
    return lines;
  }

  /** Waits for what is still to be written, then closes the file. */
  async close(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const group = this.#waiting;
        this.#waiting = [];
        const bytes = Buffer.from(group.map((waiting) => waiting.text).join(''));
        await this.#file.appendFile(bytes);
        await this.#file.datasync();
        this.#durableBytes += bytes.length;
        for (const { line, done } of group) {
          this.summary.add(line);
          done();
        }
      }
    } catch (cause) {
      this.#onFailure(cause);
    } finally {
      this.#flushing = undefined;
    }
  }
}

type Found = { readonly summary: BillSummary; readonly lastSeq: number; readonly bytes: number };

async function recover(path: string, size: number): Promise<Found> {
  const summary = new BillSummary();
  let lastSeq = 0;
  let bytes = 0;
  for await (const { text, end } of placedLines(path, size)) {
    const line = parseLine(text);
    if (line === undefined || line.seq !== lastSeq + 1) {
      if (line === undefined && end === size) break;
      throw new Error(`${path}: line ${lastSeq + 1} is damaged; this bill cannot be continued`);
    }
    summary.add(line);
    lastSeq = line.seq;
    bytes = end;
  }
  return { summary, lastSeq, bytes };
}

function parseLine(text: string): BillLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as BillLine) : undefined;
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** A new file's name is durable only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

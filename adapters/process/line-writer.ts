/**
 * Lines to a file descriptor, in batches and off the event loop: who adds a line pays for a place in
 * an array. What cannot be written fast enough is dropped and counted, so a full disk or a reader that
 * has stopped costs lines and no memory.
 */
import { write } from 'node:fs';

export type LineWriterOptions<Entry> = {
  fd: number;
  /** The text of an entry, without its line feed; asked for when it is written. */
  format: (entry: Entry) => string;
  /** How long lines gather, ms. */
  gatherMs: number;
  /** Lines that may wait; one more is dropped. */
  linesMax: number;
  /** Lines of one write. */
  batchMax: number;
  /** Lines were lost, or could not be written; not more often than once a batch. */
  onLost: (lost: { lines: number; code: string | null }) => void;
};

/** How long a descriptor that is not ready is waited for, ms. */
const RETRY_MS = 50;

export class LineWriter<Entry> {
  readonly #options: LineWriterOptions<Entry>;
  #waiting: Entry[] = [];
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void) | undefined;
  #droppedUnsaid = 0;
  /** Lines that were written, and those that were not and never will be. */
  written = 0;
  dropped = 0;

  constructor(options: LineWriterOptions<Entry>) {
    this.#options = options;
  }

  add(entry: Entry): void {
    if (this.#waiting.length >= this.#options.linesMax) {
      this.dropped++;
      this.#droppedUnsaid++;
      return;
    }
    this.#waiting.push(entry);
    if (this.#isBusy || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#next(), this.#options.gatherMs);
  }

  /** Writes what waits. @param waitMs after this it is given up */
  async close(waitMs: number): Promise<void> {
    if (!this.#isBusy) this.#next();
    if (!this.#isBusy) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    const late = setTimeout(resolve, waitMs);
    await promise;
    clearTimeout(late);
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { batchMax, format } = this.#options;
    const batch =
      this.#waiting.length <= batchMax ? this.#waiting : this.#waiting.slice(0, batchMax);
    this.#waiting = batch === this.#waiting ? [] : this.#waiting.slice(batchMax);
    this.#isBusy = batch.length > 0;
    if (!this.#isBusy) return this.#idle?.();
    let text = '';
    for (const entry of batch) text += `${format(entry)}\n`;
    this.#write(Buffer.from(text), batch.length);
  }

  #write(bytes: Buffer, lines: number): void {
    write(this.#options.fd, bytes, (error, length) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#write(bytes, lines), RETRY_MS);
        return;
      }
      if (error === null && length < bytes.length) {
        return this.#write(bytes.subarray(length), lines);
      }
      if (error === null) this.written += lines;
      else {
        this.dropped += lines;
        this.#droppedUnsaid += lines;
      }
      this.#sayLost(error);
      this.#next();
    });
  }

  #sayLost(error: NodeJS.ErrnoException | null): void {
    if (this.#droppedUnsaid === 0) return;
    this.#options.onLost({ lines: this.#droppedUnsaid, code: error?.code ?? null });
    this.#droppedUnsaid = 0;
  }
}

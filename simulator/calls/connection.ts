/**
 * The connection to one client: writes with backpressure, notices a hang-up at once, and breaks the
 * answer off after the number of body bytes that a fault states.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Fault } from '../knobs/fault.ts';
import { limits } from '../limits.ts';

type Pushed = 'sent' | 'gone' | 'cut';

export class Connection {
  readonly #response: ServerResponse;
  readonly #stopping: AbortSignal;
  readonly #cut: { readonly kind: 'reset_after' | 'stall_after'; readonly bytes: number } | null;
  #head: { readonly status: number; readonly headers: OutgoingHttpHeaders } | undefined;
  #bodyBytes = 0;
  /** The part of the last push that still fits before the cut. */
  #beforeCut: Buffer = Buffer.alloc(0);
  #gone = false;

  constructor(response: ServerResponse, fault: Fault | undefined, stopping: AbortSignal) {
    this.#response = response;
    this.#stopping = stopping;
    const cuts = fault?.kind === 'reset_after' || fault?.kind === 'stall_after';
    this.#cut = cuts ? fault : null;
    response.once('close', () => {
      this.#gone = !response.writableFinished;
    });
  }

  /** The client hung up, or its socket broke. */
  get gone(): boolean {
    return this.#gone || this.#response.destroyed;
  }

  /** States status and headers; they leave with the first byte of the body. */
  head(status: number, headers: OutgoingHttpHeaders): void {
    this.#head = { status, headers };
  }

  /** Whether the fault would strike within `text` if it were pushed now. */
  willCut(text: string | Buffer): boolean {
    return this.#cut !== null && this.#bodyBytes + Buffer.byteLength(text) > this.#cut.bytes;
  }

  /** Writes `text`; resolves when the socket takes more, the client is gone, or the cut is due. */
  async push(text: string | Buffer): Promise<Pushed> {
    if (this.gone) return 'gone';
    if (this.#cut !== null) {
      const data = typeof text === 'string' ? Buffer.from(text) : text;
      if (this.#bodyBytes + data.length > this.#cut.bytes) {
        this.#beforeCut = data.subarray(0, this.#cut.bytes - this.#bodyBytes);
        return 'cut';
      }
      this.#bodyBytes += data.length;
    }
    this.#sendHead();
    if (!this.#response.write(text)) await this.#drained();
    return this.gone ? 'gone' : 'sent';
  }

  /** Ends the answer, after a last `text`. */
  end(text?: string | Buffer): void {
    if (this.gone) return;
    this.#sendHead();
    this.#response.end(text);
  }

  /** Carries out the fault that `push` reported: sends the bytes before it, then breaks off. */
  async breakOff(): Promise<void> {
    if (this.gone || this.#cut === null) return;
    // A cut at byte 0 strikes before the status line, as a crashed provider does.
    if (this.#bodyBytes + this.#beforeCut.length > 0) {
      this.#sendHead();
      await new Promise<void>((flushed) => {
        this.#response.once('close', flushed);
        this.#response.write(this.#beforeCut, () => flushed());
      });
    }
    if (this.#cut.kind === 'stall_after') await this.#stall();
    this.#response.socket?.resetAndDestroy();
  }

  /** Waits until `performance.now()` reaches `atMs`, or the client is gone. */
  async sleepUntil(atMs: number): Promise<void> {
    const waitMs = atMs - performance.now();
    if (waitMs <= 0 || this.gone) return;
    await this.#closedOr((done) => {
      const timer = setTimeout(done, waitMs);
      return () => clearTimeout(timer);
    });
  }

  async #drained(): Promise<void> {
    await this.#closedOr((done) => {
      const giveUp = setTimeout(() => this.#response.destroy(), limits.writeStallMsMax);
      this.#response.once('drain', done);
      return () => {
        clearTimeout(giveUp);
        this.#response.off('drain', done);
      };
    });
  }

  async #stall(): Promise<void> {
    if (this.#stopping.aborted) return;
    await this.#closedOr((done) => {
      const timer = setTimeout(done, limits.stallMsMax);
      this.#stopping.addEventListener('abort', done, { once: true });
      return () => {
        clearTimeout(timer);
        this.#stopping.removeEventListener('abort', done);
      };
    });
  }

  /** Resolves on the client's close or when `start` calls back; then undoes `start`. */
  async #closedOr(start: (done: () => void) => () => void): Promise<void> {
    if (this.#response.destroyed) return;
    await new Promise<void>((resolve) => {
      const finish = () => {
        undo();
        this.#response.off('close', finish);
        resolve();
      };
      const undo = start(finish);
      this.#response.once('close', finish);
    });
  }

  #sendHead(): void {
    if (this.#head === undefined || this.#response.headersSent) return;
    this.#response.writeHead(this.#head.status, this.#head.headers);
  }
}

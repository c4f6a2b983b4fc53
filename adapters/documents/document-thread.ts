/**
 * Renders documents in a thread of its own, one after another: a long invoice takes seconds, which no
 * other request of the process should wait for.
 */
import { Worker } from 'node:worker_threads';
import type { PrintedInvoice } from '@tollgate/domain/invoice/printed.ts';
import { NotPrintable } from './not-printable.ts';

export type DocumentKind = 'html' | 'pdf';

export type DocumentLimits = {
  /** Documents that wait or are rendered; one more is refused. */
  documentsWaitingMax: number;
  /** How long one is waited for, from the request, ms. Then the thread ends, and what waited with it. */
  documentTimeoutMs: number;
  /** Heap of the thread, MiB. */
  documentHeapMib: number;
};

/** There is no room, or no time: later there may be. */
export class DocumentsBusy extends Error {}

/** What the thread is asked, and what it answers. */
export type RenderOrder = { id: number; kind: DocumentKind; printed: PrintedInvoice };
export type RenderAnswer = { id: number } & (
  | { bytes: Uint8Array }
  | { missing: string[] }
  | { failed: string }
);

type Waiting = {
  resolve: (bytes: Uint8Array) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
};

export class DocumentThread {
  readonly #limits: DocumentLimits;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #worker: Worker | undefined;

  /** The thread is started by the first document. */
  constructor(limits: DocumentLimits) {
    this.#limits = limits;
  }

  /** @throws DocumentsBusy, NotPrintable */
  render(kind: DocumentKind, printed: PrintedInvoice): Promise<Uint8Array> {
    if (this.#waiting.size >= this.#limits.documentsWaitingMax) {
      return Promise.reject(new DocumentsBusy('too many documents wait'));
    }
    this.#lastId++;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => void this.stop(), this.#limits.documentTimeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      (this.#worker ?? this.#open()).postMessage({ id, kind, printed } satisfies RenderOrder);
    });
  }

  /** Ends the thread; what waits is refused. A later document starts another. */
  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #open(): Worker {
    const worker = new Worker(new URL('./document-main.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.documentHeapMib },
    });
    // The timers of those who wait keep the process.
    worker.unref();
    this.#worker = worker;
    let cause: unknown;
    worker.on('message', (answer: RenderAnswer) => this.#answer(answer));
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const id of [...this.#waiting.keys()]) {
        this.#take(id)?.reject(new DocumentsBusy('the thread of documents ended', { cause }));
      }
    });
    return worker;
  }

  #answer(answer: RenderAnswer): void {
    const waiting = this.#take(answer.id);
    if (waiting === undefined) return;
    if ('bytes' in answer) waiting.resolve(answer.bytes);
    else if ('missing' in answer) waiting.reject(new NotPrintable(answer.missing));
    else waiting.reject(new Error(`a document could not be made: ${answer.failed}`));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}

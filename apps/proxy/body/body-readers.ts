/**
 * Reads large request bodies in a thread of its own: parsing 16 MB takes longer than any other call
 * may wait for the event loop. One body at a time, customer by customer in turn; a body that takes
 * too long, or too much memory, ends the thread and nothing else.
 */
import { Worker } from 'node:worker_threads';
import type { FactsRead, RequestFacts } from '../dialects/dialect.ts';
import type { ProxyLimits } from '../limits.ts';
import { FairGate } from '../routing/fair-gate.ts';

export type ReaderLimits = Pick<
  ProxyLimits,
  'bodyReadTimeoutMs' | 'bodyReadQueueMs' | 'bodyReaderHeapMib' | 'requestDepthMax'
>;

/** What the thread is asked. */
export type ReadOrder = { endpoint: string; body: Uint8Array; depthMax: number };

export class BodyReaders {
  readonly #limits: ReaderLimits;
  readonly #turns: FairGate;
  #worker: Worker | undefined;
  /** Ends the read that runs. */
  #end: ((read: FactsRead) => void) | undefined;
  #closed = false;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
    this.#turns = new FairGate(1, limits.bodyReadQueueMs);
  }

  /** @param body moves to the thread: the caller has it no more */
  async read(endpoint: string, body: Buffer, customerId: string): Promise<FactsRead> {
    const turn = this.#turns.take(customerId);
    if (turn !== true && !(await turn)) return { ok: false, refusal: { code: 'overloaded' } };
    try {
      return await this.#ask({ endpoint, body, depthMax: this.#limits.requestDepthMax });
    } finally {
      this.#turns.leave(customerId);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #ask(order: ReadOrder): Promise<FactsRead> {
    if (this.#closed) return Promise.resolve({ ok: false, refusal: { code: 'draining' } });
    const worker = this.#worker ?? this.#open();
    const { promise, resolve } = Promise.withResolvers<FactsRead>();
    const late = setTimeout(() => void worker.terminate(), this.#limits.bodyReadTimeoutMs);
    this.#end = (read) => {
      clearTimeout(late);
      this.#end = undefined;
      worker.unref();
      resolve(read);
    };
    worker.ref();
    const memory = order.body.buffer;
    // A part of a shared buffer cannot move: it is copied.
    const moves = memory instanceof ArrayBuffer && memory.byteLength === order.body.byteLength;
    worker.postMessage(order, moves ? [memory] : []);
    return promise;
  }

  #open(): Worker {
    const worker = new Worker(new URL('./body-reader-main.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.bodyReaderHeapMib },
    });
    this.#worker = worker;
    worker.on('message', (read: FactsRead) => this.#end?.(rewrapped(read)));
    // An error ends the thread: 'exit' follows.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#end?.({ ok: false, refusal: { code: 'json_too_large' } });
    });
    return worker;
  }
}

/** A buffer is plain bytes when it has moved between threads. */
function rewrapped(read: FactsRead): FactsRead {
  if (!read.ok) return read;
  const { buffer, byteOffset, byteLength } = read.facts.body;
  const facts: RequestFacts = {
    ...read.facts,
    body: Buffer.from(buffer, byteOffset, byteLength),
  };
  return { ok: true, facts };
}

/**
 * Reads large request bodies in a thread of its own: parsing 16 MB takes longer than any other call
 * may wait for the event loop. One body at a time, customer by customer in turn; a body that takes
 * too long, or too much memory, ends the thread and nothing else.
 */
import { OrderThread } from '@tollgate/adapters/process/order-thread.ts';
import type { CallTarget, FactsRead, RequestFacts } from '../dialects/dialect.ts';
import type { ProxyLimits } from '../limits.ts';
import { FairGate } from '../routing/fair-gate.ts';
import type { Translated, TranslationOrder } from '../translate/translate-request.ts';

export type ReaderLimits = Pick<
  ProxyLimits,
  'bodyReadTimeoutMs' | 'bodyReadQueueMs' | 'bodyReaderHeapMib' | 'requestDepthMax'
>;

/** What the thread is asked. */
export type ReadOrder = {
  endpoint: string;
  body: Uint8Array;
  target?: CallTarget | undefined;
  depthMax: number;
};

type Read = FactsRead | Translated;

export class BodyReaders {
  readonly #limits: ReaderLimits;
  readonly #turns: FairGate;
  readonly #thread: OrderThread<ReadOrder | TranslationOrder, Read>;
  #closed = false;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
    this.#turns = new FairGate(1, limits.bodyReadQueueMs);
    this.#thread = new OrderThread(new URL('./body-reader-main.ts', import.meta.url), {
      timeoutMs: limits.bodyReadTimeoutMs,
      heapMib: limits.bodyReaderHeapMib,
    });
  }

  /** @param body moves to the thread: the caller has it no more */
  async read(
    endpoint: string,
    body: Buffer,
    customerId: string,
    target?: CallTarget,
  ): Promise<FactsRead> {
    const depthMax = this.#limits.requestDepthMax;
    return (await this.#inTurn({ endpoint, body, target, depthMax }, customerId)) as FactsRead;
  }

  /** The order's body stays the caller's. */
  async translate(order: TranslationOrder, customerId: string): Promise<Translated> {
    return (await this.#inTurn(order, customerId)) as Translated;
  }

  async #inTurn(order: ReadOrder | TranslationOrder, customerId: string): Promise<Read> {
    const turn = this.#turns.take(customerId);
    if (turn !== true && !(await turn)) return { ok: false, refusal: { code: 'overloaded' } };
    try {
      return await this.#ask(order);
    } finally {
      this.#turns.leave(customerId);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#thread.close();
  }

  async #ask(order: ReadOrder | TranslationOrder): Promise<Read> {
    if (this.#closed) return { ok: false, refusal: { code: 'draining' } };
    const memory = order.body.buffer;
    // A part of a shared buffer cannot move: it is copied.
    const isOurs = !('to' in order);
    const moves =
      isOurs && memory instanceof ArrayBuffer && memory.byteLength === order.body.byteLength;
    const read = await this.#thread.ask(order, moves ? [memory] : []);
    return read === null ? { ok: false, refusal: { code: 'json_too_large' } } : rewrapped(read);
  }
}

/** A buffer is plain bytes when it has moved between threads. */
function rewrapped(read: Read): Read {
  if (!read.ok) return read;
  const { buffer, byteOffset, byteLength } = read.facts.body;
  const facts: RequestFacts = {
    ...read.facts,
    body: Buffer.from(buffer, byteOffset, byteLength),
  };
  return { ...read, facts };
}

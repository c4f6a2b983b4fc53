/**
 * Counts the input of a call that a budget is about to refuse, by its provider's own tokenizer, in a
 * thread of its own: no other call waits for it. One at a time, customer by customer in turn. What is
 * too large, waits or takes too long is not counted: then the bound of its bytes decides, as ever.
 */
import { Worker } from 'node:worker_threads';
import type { Encoding } from '@tollgate/adapters/tokenizer/token-bound.ts';
import type { CallRequest } from '../dialects/dialect.ts';
import type { ProxyLimits } from '../limits.ts';
import { FairGate } from '../routing/fair-gate.ts';

export type CounterLimits = Pick<
  ProxyLimits,
  'countBodyBytesMax' | 'countQueueMs' | 'countTimeoutMs' | 'counterHeapMib'
>;

/** What the thread is asked. */
export type CountOrder = { endpoint: string; body: Uint8Array; encoding: Encoding };
/** How far the tokens of the body's texts are below their bytes. */
export type CountAnswer = { saved: number };

export class InputCounters {
  readonly #limits: CounterLimits;
  readonly #turns: FairGate;
  #worker: Worker | undefined;
  /** Ends the count that runs. */
  #end: ((answer: CountAnswer) => void) | undefined;
  #closed = false;

  constructor(limits: CounterLimits) {
    this.#limits = limits;
    this.#turns = new FairGate(1, limits.countQueueMs);
  }

  /** @returns an upper bound of the input's tokens: `inputTokensMax`, or less */
  async count(
    request: Pick<CallRequest, 'endpoint' | 'body' | 'inputTokensMax'>,
    encoding: Encoding,
    customerId: string,
  ): Promise<number> {
    const { endpoint, body, inputTokensMax } = request;
    if (this.#closed || body.length > this.#limits.countBodyBytesMax) return inputTokensMax;
    const turn = this.#turns.take(customerId);
    if (turn !== true && !(await turn)) return inputTokensMax;
    try {
      const { saved } = await this.#ask({ endpoint, body, encoding });
      return inputTokensMax - saved;
    } finally {
      this.#turns.leave(customerId);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #ask(order: CountOrder): Promise<CountAnswer> {
    if (this.#closed) return Promise.resolve(NOTHING_SAVED);
    const worker = this.#worker ?? this.#open();
    const { promise, resolve } = Promise.withResolvers<CountAnswer>();
    const late = setTimeout(() => void worker.terminate(), this.#limits.countTimeoutMs);
    this.#end = (answer) => {
      clearTimeout(late);
      this.#end = undefined;
      worker.unref();
      resolve(answer);
    };
    worker.ref();
    worker.postMessage(order);
    return promise;
  }

  #open(): Worker {
    const worker = new Worker(new URL('./input-counter-main.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.counterHeapMib },
    });
    this.#worker = worker;
    worker.on('message', (answer: CountAnswer) => this.#end?.(answer));
    // An error ends the thread: 'exit' follows.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#end?.(NOTHING_SAVED);
    });
    return worker;
  }
}

const NOTHING_SAVED: CountAnswer = { saved: 0 };

/**
 * A thread that carries out one order at a time, for work that would keep the event loop. It starts with
 * the first order, and again after it has ended: an order that takes too long, or too much memory, ends
 * the thread and nothing else.
 */
import { Worker } from 'node:worker_threads';

export type OrderThreadLimits = {
  /** For one order, ms. */
  timeoutMs: number;
  heapMib: number;
};

/** What a thread has at each of its starts. Default of `env`: the process's variables. */
export type OrderThreadGiven = { workerData?: unknown; env?: Record<string, string> };

export class OrderThread<Order, Answer> {
  readonly #module: URL;
  readonly #limits: OrderThreadLimits;
  readonly #given: OrderThreadGiven;
  #worker: Worker | undefined;
  /** Ends the order that runs. */
  #end: ((answer: Answer | null) => void) | undefined;
  #closed = false;

  /** @param module posts one answer for each order */
  constructor(module: URL, limits: OrderThreadLimits, given: OrderThreadGiven = {}) {
    this.#module = module;
    this.#limits = limits;
    this.#given = given;
  }

  /**
   * The callers take turns: none asks while another waits.
   *
   * @param moved memory of the order that the caller has no more
   * @returns null: the thread has ended, or was closed before
   */
  ask(order: Order, moved: ArrayBuffer[] = []): Promise<Answer | null> {
    if (this.#closed) return Promise.resolve(null);
    const worker = this.#worker ?? this.#open();
    const { promise, resolve } = Promise.withResolvers<Answer | null>();
    const late = setTimeout(() => void worker.terminate(), this.#limits.timeoutMs);
    this.#end = (answer) => {
      clearTimeout(late);
      this.#end = undefined;
      worker.unref();
      resolve(answer);
    };
    worker.ref();
    worker.postMessage(order, moved);
    return promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #open(): Worker {
    const worker = new Worker(this.#module, {
      ...this.#given,
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.heapMib },
    });
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#end?.(answer));
    // An error ends the thread: 'exit' follows.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#end?.(null);
    });
    return worker;
  }
}

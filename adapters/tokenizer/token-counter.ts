/**
 * Counts tokens in a thread of its own. The tables of a tokenizer are a hundred thousand objects: on the
 * heap of a process that serves calls, every full garbage collection would go through them (20 ms each,
 * 7 % of a proxy's calls), and a long text would keep the event loop.
 */
import { Worker } from 'node:worker_threads';
import { approximateTokens, isTooLong } from './tokenizer.ts';

export type CounterLimits = {
  /** Texts that wait for the thread; of those beyond, the bytes are counted. */
  tokenTextsMax: number;
  /** How long an answer of the thread is waited for, ms; then the bytes are counted. */
  tokenCountTimeoutMs: number;
  /** Heap of the thread, MiB. */
  tokenHeapMib: number;
};

export type TokenCounter = {
  /**
   * @param then is called once, at once or later, with the tokens of each text: at least an estimate by
   *   its bytes
   */
  count(texts: readonly string[], then: (tokens: readonly number[]) => void): void;
};

/** What the thread is asked, and what it answers. */
export type CountOrder = { id: number; texts: readonly string[] };
export type CountAnswer = { id: number; tokens: readonly number[] };

type Waiting = {
  texts: readonly string[];
  then: (tokens: readonly number[]) => void;
  timer: NodeJS.Timeout;
};

export class ThreadTokenCounter implements TokenCounter {
  readonly #limits: CounterLimits;
  readonly #onError: (error: Error) => void;
  readonly #waiting = new Map<number, Waiting>();
  #texts = 0;
  #lastId = 0;
  #worker: Worker | undefined;
  #closed = false;

  /** The thread is started by the first text that needs it. */
  constructor(limits: CounterLimits, onError: (error: Error) => void) {
    this.#limits = limits;
    this.#onError = onError;
  }

  count(texts: readonly string[], then: (tokens: readonly number[]) => void): void {
    const { tokenTextsMax, tokenCountTimeoutMs } = this.#limits;
    const isFull = this.#texts + texts.length > tokenTextsMax;
    if (this.#closed || isFull || texts.every(isTooLong)) return then(texts.map(approximateTokens));
    this.#lastId++;
    const id = this.#lastId;
    const timer = setTimeout(() => this.#answer(id, null), tokenCountTimeoutMs);
    this.#waiting.set(id, { texts, then, timer });
    this.#texts += texts.length;
    (this.#worker ?? this.#open()).postMessage({ id, texts } satisfies CountOrder);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #open(): Worker {
    const worker = new Worker(new URL('./token-counter-main.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.tokenHeapMib },
    });
    // The timers of those who wait keep the process.
    worker.unref();
    this.#worker = worker;
    worker.on('message', ({ id, tokens }: CountAnswer) => this.#answer(id, tokens));
    // An error ends the thread: 'exit' follows.
    worker.on('error', this.#onError);
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const id of [...this.#waiting.keys()]) this.#answer(id, null);
    });
    return worker;
  }

  /** @param tokens null: the thread did not say */
  #answer(id: number, tokens: readonly number[] | null): void {
    const waiting = this.#waiting.get(id);
    // It was given up.
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    this.#texts -= waiting.texts.length;
    clearTimeout(waiting.timer);
    waiting.then(tokens ?? waiting.texts.map(approximateTokens));
  }
}

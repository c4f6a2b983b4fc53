/**
 * Answers on their way to the embedded store's thread: many go at once, since what it takes to hand one over
 * and to write it alone is more than what its call takes. Until they are written they are found here.
 */
import type { StoredAnswer } from './answer-cache.ts';
import type { AnswerHead } from './answer-table.ts';
import type { CacheLimits } from './cache-limits.ts';

/** What is handed over. `values`: all of them, one after the other. */
export type AnswerBatch = { heads: string; values: Uint8Array<ArrayBuffer> };

type Waiting = StoredAnswer & { expiresAtMs: number };
type Batch = { answers: Map<string, Waiting>; bytes: number; written: PromiseWithResolvers<void> };

type Limits = Pick<CacheLimits, 'queueMax' | 'waitingBytesMax' | 'batchBytes' | 'batchMs'>;

export class WaitingAnswers {
  readonly #limits: Limits;
  readonly #write: (batch: AnswerBatch) => Promise<void>;
  /** The last one takes what comes; those before it are being written. */
  readonly #batches: Batch[] = [];
  #isOpen = false;
  #waiting = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the last batch went, monotonic, ms. */
  #wentAtMs = -Infinity;

  constructor(limits: Limits, write: (batch: AnswerBatch) => Promise<void>) {
    this.#limits = limits;
    this.#write = write;
  }

  get(key: string, nowMs: number): Uint8Array | null {
    for (let at = this.#batches.length - 1; at >= 0; at--) {
      const found = this.#batches[at]?.answers.get(key);
      if (found !== undefined) return nowMs < found.expiresAtMs ? found.value : null;
    }
    return null;
  }

  /** @returns when it is written; null: there is no room */
  put(answer: StoredAnswer, nowMs: number): Promise<void> | null {
    const { queueMax, waitingBytesMax, batchBytes } = this.#limits;
    const { length } = answer.value;
    // seam: waiting-answers-are-bounded
    if (this.#waiting >= queueMax || this.#bytes + length > waitingBytesMax) return null;
    const batch = this.#open();
    const earlier = batch.answers.get(answer.key);
    if (earlier === undefined) this.#waiting++;
    const more = length - (earlier?.value.length ?? 0);
    batch.bytes += more;
    this.#bytes += more;
    batch.answers.set(answer.key, { ...answer, expiresAtMs: nowMs + answer.ttlMs });
    // One that comes alone goes at once.
    const isAlone = performance.now() - this.#wentAtMs >= this.#limits.batchMs;
    if (isAlone || batch.bytes >= batchBytes) this.flush();
    return batch.written.promise;
  }

  /** What waits goes now: what is asked of the store next finds it there. */
  flush(): void {
    clearTimeout(this.#timer);
    const batch = this.#batches.at(-1);
    if (!this.#isOpen || batch === undefined) return;
    this.#isOpen = false;
    this.#wentAtMs = performance.now();
    const over = () => {
      this.#batches.splice(this.#batches.indexOf(batch), 1);
      this.#waiting -= batch.answers.size;
      this.#bytes -= batch.bytes;
    };
    this.#write(handedOver(batch)).finally(over).then(batch.written.resolve, batch.written.reject);
  }

  #open(): Batch {
    const last = this.#batches.at(-1);
    if (this.#isOpen && last !== undefined) return last;
    const batch = { answers: new Map(), bytes: 0, written: Promise.withResolvers<void>() };
    this.#batches.push(batch);
    this.#isOpen = true;
    const waitMs = this.#limits.batchMs - (performance.now() - this.#wentAtMs);
    this.#timer = setTimeout(() => this.flush(), Math.max(0, waitMs));
    return batch;
  }
}

function handedOver({ answers, bytes }: Batch): AnswerBatch {
  const values = new Uint8Array(bytes);
  const heads: AnswerHead[] = [];
  let at = 0;
  for (const { key, customerId, model, purgesSeen, expiresAtMs, value } of answers.values()) {
    values.set(value, at);
    at += value.length;
    heads.push([key, customerId, model, purgesSeen, expiresAtMs, value.length]);
  }
  return { heads: JSON.stringify(heads), values };
}

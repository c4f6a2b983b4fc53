/**
 * Counts the input of a call that a budget is about to refuse, by its provider's own tokenizer, in a
 * thread of its own: no other call waits for it. One at a time, customer by customer in turn. What is
 * too large, waits or takes too long is not counted: then the bound of its bytes decides, as ever.
 */
import { OrderThread } from '@tollgate/adapters/process/order-thread.ts';
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
  readonly #thread: OrderThread<CountOrder, CountAnswer>;

  constructor(limits: CounterLimits) {
    this.#limits = limits;
    this.#turns = new FairGate(1, limits.countQueueMs);
    this.#thread = new OrderThread(new URL('./input-counter-main.ts', import.meta.url), {
      timeoutMs: limits.countTimeoutMs,
      heapMib: limits.counterHeapMib,
    });
  }

  /** @returns an upper bound of the input's tokens: `inputTokensMax`, or less */
  async count(
    request: Pick<CallRequest, 'endpoint' | 'body' | 'inputTokensMax'>,
    encoding: Encoding,
    customerId: string,
  ): Promise<number> {
    const { endpoint, body, inputTokensMax } = request;
    if (body.length > this.#limits.countBodyBytesMax) return inputTokensMax;
    const turn = this.#turns.take(customerId);
    if (turn !== true && !(await turn)) return inputTokensMax;
    try {
      const answer = await this.#thread.ask({ endpoint, body, encoding });
      return answer === null ? inputTokensMax : inputTokensMax - answer.saved;
    } finally {
      this.#turns.leave(customerId);
    }
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}

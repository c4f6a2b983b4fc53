/**
 * Keeps a read model level with the ledger, and knows how level it is. Age is judged by the monotonic
 * clock: a process that was stopped and wakes up knows that it has to catch up first.
 *
 * A subscription that ends is subscribed to again from the last event applied, with back-off. A
 * normal end is a loss too: a server that shuts down ends its subscriptions.
 */
import { Backoff, type BackoffMs } from '../backoff/backoff.ts';
import type { Ledger, LedgerEvent } from './ledger.ts';

export type FollowerOptions = {
  ledger: Pick<Ledger, 'subscribe'>;
  prefixes: readonly string[];
  /** The position that it begins behind; default: the beginning of the ledger. */
  after?: string;
  retryMs: BackoffMs;
  /** Must not throw for an event that the ledger may hold: the follower would stop at its place. */
  apply: (event: LedgerEvent) => void;
  onLost: (error: unknown) => void;
};

export class LedgerFollower {
  readonly #options: FollowerOptions;
  readonly #abort = new AbortController();
  readonly #backoff: Backoff;
  readonly #waiters = new Set<() => void>();
  #after: string | null = null;
  #levelAtMs = Number.NEGATIVE_INFINITY;
  #done: Promise<void> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#after = options.after ?? null;
    this.#backoff = new Backoff(options.retryMs, Math.random);
  }

  /** Resolves after the first catch-up, or when stopped. */
  async start(): Promise<void> {
    this.#done = this.#follow();
    const { promise: level, resolve } = Promise.withResolvers<void>();
    this.#waiters.add(resolve);
    await Promise.race([level, this.#done]);
    this.#waiters.delete(resolve);
  }

  /** Resolves when nothing is applied any more. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  /** How long ago the ledger was last seen to its head, ms. */
  ageMs(): number {
    return performance.now() - this.#levelAtMs;
  }

  /**
   * Waits until the ledger was seen to its head *after* this call: what was seen before a pause of
   * the process does not count.
   *
   * @returns false if that did not come about within the time
   */
  async catchUp(timeoutMs: number): Promise<boolean> {
    const sinceMs = performance.now();
    while (this.#levelAtMs < sinceMs) {
      const leftMs = sinceMs + timeoutMs - performance.now();
      if (leftMs <= 0) return false;
      await this.#nextLevel(leftMs);
    }
    return true;
  }

  async #nextLevel(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiters.add(done);
    });
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await this.#subscribeOnce(signal);
      } catch (error) {
        if (!signal.aborted) this.#options.onLost(error);
      }
      await this.#backoff.pause(signal);
    }
  }

  async #subscribeOnce(signal: AbortSignal): Promise<void> {
    const { ledger, prefixes, apply } = this.#options;
    for await (const item of ledger.subscribe({ prefixes, after: this.#after, signal })) {
      if (item.kind === 'event') {
        apply(item.event);
        this.#after = item.event.position;
        continue;
      }
      this.#backoff.reset();
      this.#levelAtMs = item.atMonotonicMs;
      for (const wake of this.#waiters) wake();
    }
  }
}

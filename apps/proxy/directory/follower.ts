/**
 * Keeps the directory level with the ledger, and knows how level it is (design §7.1). Freshness is
 * judged by the monotonic clock: a process that was stopped and wakes up catches up before it
 * admits, so that a revoked key stops within one second even then.
 */
import type { Ledger, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';

export type FollowerLimits = {
  ledgerStaleSoftMs: number;
  ledgerStaleMaxMs: number;
  ledgerCatchUpTimeoutMs: number;
  ledgerRetryMs: { first: number; max: number };
};

export class LedgerFollower {
  readonly #ledger: Ledger;
  readonly #prefixes: readonly string[];
  readonly #limits: FollowerLimits;
  readonly #apply: (event: LedgerEvent) => void;
  readonly #onLost: (error: unknown) => void;
  readonly #abort = new AbortController();
  #levelAtMs = Number.NEGATIVE_INFINITY;
  #after: string | null = null;
  #waiters = new Set<() => void>();
  #done: Promise<void> = Promise.resolve();

  constructor(options: {
    ledger: Ledger;
    prefixes: readonly string[];
    limits: FollowerLimits;
    apply: (event: LedgerEvent) => void;
    onLost: (error: unknown) => void;
  }) {
    this.#ledger = options.ledger;
    this.#prefixes = options.prefixes;
    this.#limits = options.limits;
    this.#apply = options.apply;
    this.#onLost = options.onLost;
  }

  /** Resolves after the first catch-up; the process is not ready before it. */
  async start(): Promise<void> {
    this.#done = this.#follow();
    if (!Number.isFinite(this.#levelAtMs)) {
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  /** How long ago the ledger was last seen to its head. */
  ageMs(): number {
    return performance.now() - this.#levelAtMs;
  }

  /** True if no wait is needed: the usual case, one comparison. */
  isFresh(): boolean {
    return this.ageMs() <= this.#limits.ledgerStaleSoftMs;
  }

  /**
   * Waits until the ledger was seen to its head *after* this call; a check from before a pause of
   * the process does not count. False if the ledger has been away for too long to serve.
   */
  async catchUp(): Promise<boolean> {
    const sinceMs = performance.now();
    const untilMs = sinceMs + this.#limits.ledgerCatchUpTimeoutMs;
    while (this.#levelAtMs < sinceMs) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) break;
      await this.#nextLevel(leftMs);
    }
    return this.ageMs() <= this.#limits.ledgerStaleMaxMs;
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
    let pauseMs = this.#limits.ledgerRetryMs.first;
    while (!signal.aborted) {
      try {
        await this.#subscribeOnce(signal, () => {
          pauseMs = this.#limits.ledgerRetryMs.first;
        });
      } catch (error) {
        this.#onLost(error);
      }
      // A normal end is a drop too: a server that shuts down ends its subscriptions.
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random() / 2)));
      pauseMs = Math.min(pauseMs * 2, this.#limits.ledgerRetryMs.max);
    }
  }

  async #subscribeOnce(signal: AbortSignal, onLevel: () => void): Promise<void> {
    const items = this.#ledger.subscribe({
      prefixes: this.#prefixes,
      after: this.#after,
      signal,
    });
    for await (const item of items) {
      if (item.kind === 'event') {
        this.#apply(item.event);
        this.#after = item.event.position;
        continue;
      }
      onLevel();
      this.#levelAtMs = item.atMonotonicMs;
      const waiters = this.#waiters;
      this.#waiters = new Set();
      for (const resolve of waiters) resolve();
    }
  }
}

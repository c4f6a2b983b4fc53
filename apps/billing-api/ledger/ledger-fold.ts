/**
 * Keeps a read model level with the ledger, and lets a writer wait until the model has seen its
 * write. A position is opaque, so what is waited for is a revision of a stream.
 */
import type { Ledger, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';

type FoldLimits = { ledgerRetryFirstMs: number; ledgerRetryMaxMs: number };

type Waiter = { stream: string; revision: bigint; resolve: () => void };

export class LedgerFold {
  readonly #options: {
    ledger: Ledger;
    prefixes: readonly string[];
    limits: FoldLimits;
    apply: (event: LedgerEvent) => void;
    onLost: (error: unknown) => void;
  };
  readonly #abort = new AbortController();
  readonly #revisions = new Map<string, bigint>();
  readonly #waiters = new Set<Waiter>();
  #after: string | null = null;
  #levelAtMs = Number.NEGATIVE_INFINITY;
  #onFirstLevel: (() => void)[] = [];
  #done: Promise<void> = Promise.resolve();

  constructor(options: {
    ledger: Ledger;
    prefixes: readonly string[];
    limits: FoldLimits;
    apply: (event: LedgerEvent) => void;
    onLost: (error: unknown) => void;
  }) {
    this.#options = options;
  }

  /** Resolves after the first catch-up, or when stopped. */
  async start(): Promise<void> {
    this.#done = this.#follow();
    const level = new Promise<void>((resolve) => this.#onFirstLevel.push(resolve));
    await Promise.race([level, this.#done]);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  /** How long ago the ledger was last seen to its head, ms. */
  ageMs(): number {
    return performance.now() - this.#levelAtMs;
  }

  /** False if the model has not seen that revision within the time. */
  async sees(stream: string, revision: bigint, timeoutMs: number): Promise<boolean> {
    if (this.#hasSeen(stream, revision)) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { stream, revision, resolve };
    this.#waiters.add(waiter);
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
    this.#waiters.delete(waiter);
    return this.#hasSeen(stream, revision);
  }

  #hasSeen(stream: string, revision: bigint): boolean {
    return (this.#revisions.get(stream) ?? -1n) >= revision;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    const { ledgerRetryFirstMs, ledgerRetryMaxMs } = this.#options.limits;
    let pauseMs = ledgerRetryFirstMs;
    while (!signal.aborted) {
      try {
        await this.#subscribeOnce(signal, () => {
          pauseMs = ledgerRetryFirstMs;
        });
      } catch (error) {
        if (!signal.aborted) this.#options.onLost(error);
      }
      // A normal end is a drop too: a server that shuts down ends its subscriptions.
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(pauseMs * 2, ledgerRetryMaxMs);
    }
  }

  async #subscribeOnce(signal: AbortSignal, onLevel: () => void): Promise<void> {
    const { ledger, prefixes } = this.#options;
    for await (const item of ledger.subscribe({ prefixes, after: this.#after, signal })) {
      if (item.kind === 'event') {
        this.#take(item.event);
        continue;
      }
      onLevel();
      this.#levelAtMs = item.atMonotonicMs;
      for (const resolve of this.#onFirstLevel.splice(0)) resolve();
    }
  }

  #take(event: LedgerEvent): void {
    this.#options.apply(event);
    this.#after = event.position;
    this.#revisions.set(event.stream, event.revision);
    for (const waiter of this.#waiters) {
      if (this.#hasSeen(waiter.stream, waiter.revision)) waiter.resolve();
    }
  }
}

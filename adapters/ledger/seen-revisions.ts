/**
 * Lets a writer wait until a read model has seen its write. A position is opaque, so what is waited
 * for is a revision of a stream.
 */
import type { LedgerEvent } from './ledger.ts';

type Waiter = { stream: string; revision: bigint; resolve: () => void };

export class SeenRevisions {
  readonly #revisions = new Map<string, bigint>();
  readonly #waiters = new Set<Waiter>();

  /** After the read model has applied the event. */
  take({ stream, revision }: Pick<LedgerEvent, 'stream' | 'revision'>): void {
    this.#revisions.set(stream, revision);
    for (const waiter of this.#waiters) {
      if (this.#hasSeen(waiter.stream, waiter.revision)) waiter.resolve();
    }
  }

  /** @returns false if the model has not seen that revision within the time */
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
}

/**
 * What every read model of the ledger is: it follows some categories of streams, and says whether it shows
 * a revision yet, so that a request reads its own write.
 */
import { type FollowerOptions, LedgerFollower } from './follower.ts';
import type { LedgerEvent } from './ledger.ts';
import { SeenRevisions } from './seen-revisions.ts';

export type ReadModelOptions = Omit<FollowerOptions, 'prefixes' | 'apply'>;

export class ReadModel {
  readonly #seen = new SeenRevisions();
  readonly #follower: LedgerFollower;

  /** @param apply never throws for an event that its category can parse */
  constructor(
    options: ReadModelOptions,
    categories: readonly { prefix: string }[],
    apply: (event: LedgerEvent) => void,
  ) {
    this.#follower = new LedgerFollower({
      ...options,
      prefixes: categories.map(({ prefix }) => prefix),
      apply: (event) => {
        apply(event);
        this.#seen.take(event);
      },
    });
  }

  /** Resolves when the past has been read. */
  start(): Promise<void> {
    return this.#follower.start();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  ageMs(): number {
    return this.#follower.ageMs();
  }

  /** Waits (bounded) until reads show that revision of the stream. */
  sees(stream: string, revision: bigint, timeoutMs: number): Promise<boolean> {
    return this.#seen.sees(stream, revision, timeoutMs);
  }
}

/**
 * Purges on their way to the store, which may be away: each is repeated until the store has carried it
 * out, since who asked for it was told that it will be (docs/design.md, Cache). What was purged is never
 * served meanwhile; this is about its bytes. A proxy that starts purges by every event of the ledger, so
 * nothing is lost with this one.
 */

import { Backoff, type BackoffMs } from '@tollgate/adapters/backoff/backoff.ts';
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import { type Purge, purgeName } from './cache-purges.ts';

export type StorePurgesDeps = {
  store: Pick<AnswerCache, 'purge'>;
  limits: { cachePurgesMax: number; cachePurgeRetryMs: BackoffMs };
  onError: (error: unknown) => void;
};

export class StorePurges {
  readonly #deps: StorePurgesDeps;
  readonly #backoff: Backoff;
  /** By what they are about: the last one says all that earlier ones did. */
  readonly #waiting = new Map<string, Purge>();
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(deps: StorePurgesDeps) {
    this.#deps = deps;
    this.#backoff = new Backoff(deps.limits.cachePurgeRetryMs, Math.random);
  }

  add(purge: Purge): void {
    if (this.#waiting.size < this.#deps.limits.cachePurgesMax) {
      this.#waiting.set(purgeName(purge), purge);
    } else {
      // More than anybody keeps count of: all that is older goes.
      this.#waiting.clear();
      const everything = { customerId: null, model: null, revision: purge.revision };
      this.#waiting.set(purgeName(everything), everything);
    }
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { store, onError } = this.#deps;
    for (const [name, purge] of this.#waiting) {
      if (this.#closing.signal.aborted) break;
      const { revision, ...scope } = purge;
      try {
        await store.purge(scope, revision);
        this.#backoff.reset();
        if (this.#waiting.get(name) === purge) this.#waiting.delete(name);
      } catch (error) {
        onError(error);
        // Behind those that have not been tried.
        // seam: failed-purge-is-repeated
        if (this.#waiting.delete(name)) this.#waiting.set(name, purge);
        await this.#backoff.pause(this.#closing.signal);
      }
    }
    this.#running = undefined;
  }
}

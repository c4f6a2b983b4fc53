/**
 * Which entries of the cache must not be served any more: the revision of the last purge for each
 * customer, each model and each pair of them. Folded from the ledger, so it is complete before a proxy is
 * ready, and another purge binds within a second (docs/design.md, Cache).
 */
import type { CachePurged } from '@tollgate/domain/cache/cache-events.ts';

export type Purge = { customerId: string | null; model: string | null; revision: number };

export class CachePurges {
  readonly #revisions = new Map<string, number>();
  #seen = -1;
  #listen: ((purge: Purge) => void) | undefined;
  /** What came before anybody listened. */
  #early: Purge[] = [];

  /** Revision of the last one that is known; -1: there was none. */
  get seen(): number {
    return this.#seen;
  }

  /** Of what there was, and of what comes. */
  onPurge(listen: (purge: Purge) => void): void {
    this.#listen = listen;
    for (const purge of this.#early.splice(0)) listen(purge);
  }

  apply({ customer_id: customerId, model }: CachePurged['data'], revision: number): void {
    this.#seen = revision;
    this.#revisions.set(purgeName({ customerId, model }), revision);
    const purge = { customerId, model, revision };
    if (this.#listen === undefined) this.#early.push(purge);
    else this.#listen(purge);
  }

  /** Revision of the last one that meant such an entry; -1: none did. */
  of({ customerId, model }: { customerId: string; model: string }): number {
    if (this.#seen === -1) return -1;
    const scopes = [
      purgeName({ customerId: null, model: null }),
      purgeName({ customerId, model: null }),
      purgeName({ customerId: null, model }),
      purgeName({ customerId, model }),
    ];
    return Math.max(...scopes.map((scope) => this.#revisions.get(scope) ?? -1));
  }
}

/** The same for purges of the same entries. */
export function purgeName({ customerId, model }: Omit<Purge, 'revision'>): string {
  return JSON.stringify([customerId, model]);
}

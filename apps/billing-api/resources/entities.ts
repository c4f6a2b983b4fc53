/** All objects of one kind, by id and in the order in which they were created. */
import type { LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';

export type Entity<S> = {
  state: S;
  createdAtMs: number;
  updatedAtMs: number;
};

export class Entities<S> {
  readonly #byId = new Map<string, Entity<S>>();

  get(id: string): Entity<S> | undefined {
    return this.#byId.get(id);
  }

  /** Oldest first. */
  all(): Entity<S>[] {
    return [...this.#byId.values()];
  }

  where(test: (state: S) => boolean): Entity<S>[] {
    const found: Entity<S>[] = [];
    for (const entity of this.#byId.values()) if (test(entity.state)) found.push(entity);
    return found;
  }

  /** @param evolve returns undefined while the object does not exist yet */
  fold(id: string, event: LedgerEvent, evolve: (state: S | undefined) => S | undefined): void {
    const before = this.#byId.get(id);
    const state = evolve(before?.state);
    if (state === undefined) return;
    const createdAtMs = before?.createdAtMs ?? event.recordedAtMs;
    this.#byId.set(id, { state, createdAtMs, updatedAtMs: event.recordedAtMs });
  }
}

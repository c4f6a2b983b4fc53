/** Owners of stored objects in memory, for tests; it can be away. */
import type { StoredAt, StoredObjects } from '@tollgate/adapters/stored-objects/stored-objects.ts';

export class MemoryObjects implements StoredObjects {
  readonly objects = new Map<string, StoredAt>();
  isAway = false;
  /** True: it never answers. */
  hangs = false;

  async keep(ids: readonly string[], at: StoredAt): Promise<void> {
    await this.#come();
    for (const id of ids) this.objects.set(id, at);
  }

  async find(ids: readonly string[]): Promise<(StoredAt | null)[]> {
    await this.#come();
    return ids.map((id) => this.objects.get(id) ?? null);
  }

  async forget(id: string): Promise<void> {
    await this.#come();
    this.objects.delete(id);
  }

  async close(): Promise<void> {
    this.objects.clear();
  }

  async #come(): Promise<void> {
    if (this.isAway) throw new Error('the store is away');
    if (this.hangs) await new Promise(() => undefined);
  }
}

/** Owners of stored objects in memory, for tests; it can be away. */
import type {
  RunningObject,
  StoredAt,
  StoredObjects,
} from '@tollgate/adapters/stored-objects/stored-objects.ts';

export class MemoryObjects implements StoredObjects {
  readonly objects = new Map<string, StoredAt>();
  readonly begun = new Map<string, { running: RunningObject; atMs: number }>();
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

  async begin(running: RunningObject, afterMs: number): Promise<boolean> {
    await this.#come();
    this.begun.set(running.id, { running, atMs: Date.now() + afterMs });
    return true;
  }

  async running(id: string): Promise<RunningObject | null> {
    await this.#come();
    return this.begun.get(id)?.running ?? null;
  }

  async due(leaseMs: number, atOnceMax: number): Promise<RunningObject[]> {
    await this.#come();
    const nowMs = Date.now();
    const due = [...this.begun.values()].filter(({ atMs }) => atMs <= nowMs).slice(0, atOnceMax);
    for (const one of due) one.atMs = nowMs + leaseMs;
    return due.map(({ running }) => running);
  }

  async later(id: string, afterMs: number): Promise<void> {
    const one = this.begun.get(id);
    if (one !== undefined) one.atMs = Date.now() + afterMs;
  }

  async ended(id: string): Promise<void> {
    await this.#come();
    this.begun.delete(id);
  }

  async close(): Promise<void> {
    this.objects.clear();
  }

  async #come(): Promise<void> {
    if (this.isAway) throw new Error('the store is away');
    if (this.hangs) await new Promise(() => undefined);
  }
}

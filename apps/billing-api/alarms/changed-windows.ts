/** Windows of budgets that changed and were not looked at yet, in the order in which they changed. */

export type ChangedWindow = {
  stream: string;
  budgetId: string;
  /** An instant in it, Unix ms. */
  startMs: number;
  /** When it first changed, monotonic ms. */
  sinceMs: number;
  /** What is charged in it for unknown usage may have changed. */
  unresolved: boolean;
};

type Change = Pick<ChangedWindow, 'stream' | 'budgetId' | 'startMs'> &
  Partial<Pick<ChangedWindow, 'unresolved'>>;

export class ChangedWindows {
  readonly #windows = new Map<string, ChangedWindow>();

  get size(): number {
    return this.#windows.size;
  }

  /** @param nowMs since when it waits, if it does not yet */
  add({ stream, budgetId, startMs, unresolved }: Change, nowMs: number): void {
    const before = this.#windows.get(stream);
    this.#windows.set(stream, {
      ...{ stream, budgetId, startMs },
      sinceMs: before?.sinceMs ?? nowMs,
      unresolved: before?.unresolved === true || unresolved === true,
    });
  }

  /** The oldest, which are then no longer waiting. */
  take(most: number): ChangedWindow[] {
    const taken: ChangedWindow[] = [];
    for (const [stream, window] of this.#windows) {
      if (taken.length === most) break;
      taken.push(window);
      this.#windows.delete(stream);
    }
    return taken;
  }

  /** Since when the first waits; undefined: none does. */
  get oldestMs(): number | undefined {
    return this.#windows.values().next().value?.sinceMs;
  }
}

/**
 * One deadline for each of many things that all get the same time: the first to come is the first
 * to be due, so one timer serves them all. A timer of its own cost each call about as much as its
 * authentication.
 */
type Entry = { dueAtMs: number; onDue: () => void };

export class Deadlines {
  readonly #allowedMs: number;
  /** In the order in which they are due. */
  readonly #entries = new Set<Entry>();
  #timer: NodeJS.Timeout | undefined;

  constructor(allowedMs: number) {
    this.#allowedMs = allowedMs;
  }

  /**
   * Calls `onDue` once the time that is allowed has passed since `startedAtMs`.
   *
   * @param startedAtMs performance.now(), never before that of an earlier call
   * @returns takes the deadline back
   */
  add(startedAtMs: number, onDue: () => void): () => void {
    const entry = { dueAtMs: startedAtMs + this.#allowedMs, onDue };
    this.#entries.add(entry);
    if (this.#timer === undefined) this.#arm(entry);
    return () => this.#entries.delete(entry);
  }

  #arm({ dueAtMs }: Entry): void {
    const waitMs = Math.max(1, Math.ceil(dueAtMs - performance.now()));
    this.#timer = setTimeout(() => this.#onTimer(), waitMs);
    // What is waited for has a socket that keeps the process alive; a deadline need not.
    this.#timer.unref();
  }

  #onTimer(): void {
    this.#timer = undefined;
    for (const entry of this.#entries) {
      if (entry.dueAtMs > performance.now()) return this.#arm(entry);
      this.#entries.delete(entry);
      entry.onDue();
    }
  }
}

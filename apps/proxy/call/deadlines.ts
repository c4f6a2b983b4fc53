/**
 * One deadline for each of many things that all get the same time: the first to come is the first
 * to be due, so one timer serves them all. A timer of its own cost each call about as much as its
 * authentication.
 */
type Entry = {
  dueAtMs: number;
  /** null once it was called or taken back. */
  onDue: (() => void) | null;
  earlier: Entry | null;
  later: Entry | null;
};

/**
 * A chain, not a `Set`: the tables that a Set leaves behind as it changes point at each other, and
 * an old one kept everything that the younger ones ever held until the next full collection. That
 * was 10 kB a call, and a seventh of the proxy's CPU time. What leaves the chain points at nothing.
 */
export class Deadlines {
  readonly #allowedMs: number;
  #first: Entry | null = null;
  #last: Entry | null = null;
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
    const dueAtMs = startedAtMs + this.#allowedMs;
    const entry: Entry = { dueAtMs, onDue, earlier: this.#last, later: null };
    if (this.#last === null) this.#first = entry;
    else this.#last.later = entry;
    this.#last = entry;
    if (this.#timer === undefined) this.#arm(entry);
    return () => this.#remove(entry);
  }

  #remove(entry: Entry): void {
    if (entry.onDue === null) return;
    const { earlier, later } = entry;
    if (earlier === null) this.#first = later;
    else earlier.later = later;
    if (later === null) this.#last = earlier;
    else later.earlier = earlier;
    entry.onDue = null;
    entry.earlier = null;
    entry.later = null;
  }

  #arm({ dueAtMs }: Entry): void {
    const waitMs = Math.max(1, Math.ceil(dueAtMs - performance.now()));
    this.#timer = setTimeout(() => this.#onTimer(), waitMs);
    // What is waited for has a socket that keeps the process alive; a deadline need not.
    this.#timer.unref();
  }

  #onTimer(): void {
    this.#timer = undefined;
    for (let entry = this.#first; entry !== null; entry = this.#first) {
      if (entry.dueAtMs > performance.now()) return this.#arm(entry);
      const { onDue } = entry;
      this.#remove(entry);
      onDue?.();
    }
  }
}

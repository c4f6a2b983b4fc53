/**
 * Answers that cost something and that anybody may ask for again and again: of each name, one at a time
 * is worked out, and is given for a moment to all who ask next. What runs at once is bounded.
 */
export type KeptAnswersLimits = { keptMs: number; runningMax: number; namesMax: number };

type Kept<T> = { answer: Promise<T>; atMs: number };

export class KeptAnswers<T> {
  readonly #limits: KeptAnswersLimits;
  readonly #clock: () => number;
  /** Oldest first. */
  readonly #kept = new Map<string, Kept<T>>();
  #running = 0;

  /** @param clock monotonic, ms */
  constructor(limits: KeptAnswersLimits, clock: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** @returns null: too many run already */
  get(name: string, work: () => Promise<T>): Promise<T> | null {
    const nowMs = this.#clock();
    const known = this.#kept.get(name);
    // seam: answer-is-kept
    if (known !== undefined && nowMs - known.atMs < this.#limits.keptMs) return known.answer;
    if (this.#running >= this.#limits.runningMax) return null;
    this.#running++;
    const answer = work().finally(() => {
      this.#running--;
    });
    this.#kept.delete(name);
    this.#kept.set(name, { answer, atMs: nowMs });
    if (this.#kept.size > this.#limits.namesMax) {
      const oldest = this.#kept.keys().next();
      if (!oldest.done) this.#kept.delete(oldest.value);
    }
    return answer;
  }
}

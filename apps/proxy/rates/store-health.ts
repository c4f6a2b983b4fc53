/** Whether the store of rates answers, and since when it does not: said once each time. */

export class StoreHealth {
  failures = 0;
  #isLost = false;
  #awayUntilMs = Number.NEGATIVE_INFINITY;
  readonly #awayMs: number;
  readonly #onChange: (error: Error | null) => void;

  /** @param awayMs after a failure, how long nobody asks it again */
  constructor(awayMs: number, onChange: (error: Error | null) => void) {
    this.#awayMs = awayMs;
    this.#onChange = onChange;
  }

  isAway(nowMs: number): boolean {
    return nowMs < this.#awayUntilMs;
  }

  lost(error: Error, nowMs: number): void {
    this.failures++;
    this.#awayUntilMs = nowMs + this.#awayMs;
    if (this.#isLost) return;
    this.#isLost = true;
    this.#onChange(error);
  }

  answered(): void {
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#awayUntilMs = Number.NEGATIVE_INFINITY;
    this.#onChange(null);
  }
}

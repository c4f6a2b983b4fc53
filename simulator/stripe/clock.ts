/**
 * The time of the fake Stripe. In tests it is simulated: keys expire, search catches up and drafts
 * advance when the test says so, and nobody waits.
 */
export interface StripeClock {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Resolves when the clock has moved on by `ms`. */
  readonly sleep: (ms: number) => Promise<void>;
}

export class SimulatedClock implements StripeClock {
  #nowMs: number;
  #sleepers: { readonly dueMs: number; readonly wake: () => void }[] = [];

  constructor(startMs: number = Date.UTC(2026, 11, 1)) {
    this.#nowMs = startMs;
  }

  readonly nowMs = (): number => this.#nowMs;

  readonly sleep = (ms: number): Promise<void> => {
    if (ms <= 0) return Promise.resolve();
    return new Promise((wake) => this.#sleepers.push({ dueMs: this.#nowMs + ms, wake }));
  };

  /** Moves on, and wakes each sleeper that is due, the earliest first. */
  readonly advance = (ms: number): void => {
    this.#nowMs += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.dueMs <= this.#nowMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.dueMs > this.#nowMs);
    for (const { wake } of due.sort((a, b) => a.dueMs - b.dueMs)) wake();
  };
}

/** The machine's time, for a fake that people look at. */
export const machineClock: StripeClock = {
  nowMs: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

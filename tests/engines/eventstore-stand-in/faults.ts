/** What a test can make the stand-in do, and what the stand-in counts. */

const idle = () => undefined;

export class Faults {
  /** Calls by method since the start. */
  readonly calls = { append: 0, batchAppend: 0, read: 0, subscribe: 0 };
  /** Events that subscriptions have gone through, wanted or not. */
  lookedAt = 0;
  #losses = 0;
  #released: Promise<void> | null = null;
  #release: () => void = idle;
  #silent = false;

  /** The next so many appends are stored and never answered. */
  loseResponses(count: number): void {
    this.#losses = count;
  }

  losesThis(): boolean {
    if (this.#losses === 0) return false;
    this.#losses--;
    return true;
  }

  /** Every call waits, as in a stopped process, until `resume`. */
  stall(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#released = promise;
    this.#release = resolve;
  }

  resume(): void {
    this.#released = null;
    this.#release();
  }

  /** Null if nothing is stalled. */
  released(): Promise<void> | null {
    return this.#released;
  }

  /** Subscriptions get nothing more; everything else is answered. */
  silenceSubscriptions(silent: boolean): void {
    this.#silent = silent;
  }

  silencesSubscriptions(): boolean {
    return this.#silent || this.#released !== null;
  }
}

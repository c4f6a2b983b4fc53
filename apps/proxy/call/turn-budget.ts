/**
 * How long answers may keep the event loop in one of its turns. All that sockets have received is read in
 * one turn, up to two megabytes of each, and a provider can make each of them expensive to read. What comes
 * when a turn is used up waits for the next one, so that all other calls have theirs in between.
 */

/** Work that is shorter does not count, ms: a chunk of an ordinary stream takes a fiftieth of one. */
const COUNTED_MS_MIN = 0.1;

export class TurnBudget {
  readonly #msMax: number;
  #spentMs = 0;
  #isArmed = false;
  #waiting: (() => void)[] = [];

  constructor(msMax: number) {
    this.#msMax = msMax;
  }

  /** What can wait for the next turn should. */
  get isSpent(): boolean {
    return this.#spentMs >= this.#msMax;
  }

  /** @param ms that something has taken in this turn */
  spend(ms: number): void {
    if (ms < COUNTED_MS_MIN) return;
    this.#spentMs += ms;
    this.#arm();
  }

  /** Calls `goOn` in a later turn, behind what waits already. */
  wait(goOn: () => void): void {
    this.#waiting.push(goOn);
    this.#arm();
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    setImmediate(() => this.#onTurn());
  }

  #onTurn(): void {
    this.#isArmed = false;
    this.#spentMs = 0;
    const due = this.#waiting;
    this.#waiting = [];
    let done = 0;
    // seam: turn-has-a-budget
    while (done < due.length && !this.isSpent) due[done++]?.();
    if (done === due.length) return;
    this.#waiting = [...due.slice(done), ...this.#waiting];
    this.#arm();
  }
}

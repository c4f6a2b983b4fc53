/**
 * How long answers may keep the event loop in one of its turns. All that sockets have received is read in
 * one turn, up to two megabytes of each, and a provider can make each of them expensive to read. What comes
 * when a turn is used up waits for the next one, so that all other calls have theirs in between.
 */

/**
 * Shorter work is counted when it is a millisecond together, ms: a chunk of an ordinary stream takes a
 * fiftieth of one, and what counts costs a callback at the end of the turn.
 */
const COUNTED_MS_MIN = 0.1;
const TOGETHER_MS = 1;

export class TurnBudget {
  readonly #msMax: number;
  readonly #smallMsMax: number;
  #spentMs = 0;
  /** Short work that is not counted yet. */
  #shortMs = 0;
  #number = 0;
  #isArmed = false;
  #waiting: (() => void)[] = [];

  /** @param smallMsMax up to which small things need not wait */
  constructor(msMax: number, smallMsMax: number) {
    this.#msMax = msMax;
    this.#smallMsMax = smallMsMax;
  }

  /** What can wait for the next turn should. */
  get isSpent(): boolean {
    return this.#spentMs >= this.#msMax;
  }

  /** Small things wait as well. */
  get isOver(): boolean {
    return this.#spentMs >= this.#smallMsMax;
  }

  /** Changes with each turn that something was spent in. */
  get number(): number {
    return this.#number;
  }

  /** @param ms that something has taken in this turn */
  spend(ms: number): void {
    if (ms >= COUNTED_MS_MIN) return this.#count(ms);
    // seam: short-work-counts-too
    this.#shortMs += ms;
    if (this.#shortMs < TOGETHER_MS) return;
    this.#count(this.#shortMs);
    this.#shortMs = 0;
  }

  /** Calls `goOn` in a later turn, behind what waits already. */
  wait(goOn: () => void): void {
    this.#waiting.push(goOn);
    this.#arm();
  }

  #count(ms: number): void {
    this.#spentMs += ms;
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
    this.#number++;
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

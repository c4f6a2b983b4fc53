/**
 * So many at a time, and no owner takes them all: one may have three times as many inside as are left
 * for others. So a thousand slow calls of one owner leave a quarter of the places, those of two owners a
 * seventh, and a newcomer always finds one. Who waits goes in turn by owner, and who waits too long is
 * turned away.
 */

type Waiting = { owner: string; enter: (entered: boolean) => void; timer: NodeJS.Timeout };

/** What an owner may have inside, for each place that is free. */
const PER_FREE_PLACE = 3;

export class FairGate {
  readonly #most: number;
  readonly #waitMs: number;
  #inside = 0;
  readonly #insideOf = new Map<string, number>();
  /** By owner, in the order of their turns: who has had one goes behind all the others. */
  readonly #queues = new Map<string, Waiting[]>();

  constructor(most: number, waitMs: number) {
    this.#most = most;
    this.#waitMs = waitMs;
  }

  get waiting(): number {
    let sum = 0;
    for (const queue of this.#queues.values()) sum += queue.length;
    return sum;
  }

  /** Inside at once, until `leave` is called, or not at all. */
  enters(owner: string): boolean {
    // Those of others who wait may not enter now either: they were asked whenever a place was left.
    if (this.#queues.has(owner) || !this.#mayEnter(owner)) return false;
    this.#enter(owner);
    return true;
  }

  /**
   * True: inside, until `leave` is called. A promise: waits; false if there was no turn in time.
   *
   * @param waitMs for this one, instead of the gate's own
   */
  take(owner: string, waitMs = this.#waitMs): true | Promise<boolean> {
    if (this.enters(owner)) return true;
    const queue = this.#queues.get(owner);
    return new Promise((enter) => {
      const waiting: Waiting = {
        owner,
        enter,
        timer: setTimeout(() => this.#turnAway(waiting), waitMs),
      };
      if (queue === undefined) this.#queues.set(owner, [waiting]);
      else queue.push(waiting);
    });
  }

  /** Of an owner who is inside. */
  leave(owner: string): void {
    this.#inside--;
    const left = (this.#insideOf.get(owner) ?? 0) - 1;
    if (left > 0) this.#insideOf.set(owner, left);
    else this.#insideOf.delete(owner);
    for (;;) {
      const next = this.#next();
      if (next === undefined) return;
      clearTimeout(next.timer);
      this.#enter(next.owner);
      next.enter(true);
    }
  }

  #mayEnter(owner: string): boolean {
    const free = this.#most - this.#inside;
    return (this.#insideOf.get(owner) ?? 0) < PER_FREE_PLACE * free;
  }

  #enter(owner: string): void {
    this.#inside++;
    this.#insideOf.set(owner, (this.#insideOf.get(owner) ?? 0) + 1);
  }

  #next(): Waiting | undefined {
    for (const [owner, queue] of this.#queues) {
      if (!this.#mayEnter(owner)) continue;
      const waiting = queue.shift();
      // seam: owner-goes-behind-the-others
      this.#queues.delete(owner);
      if (queue.length > 0) this.#queues.set(owner, queue);
      return waiting;
    }
    return undefined;
  }

  #turnAway(waiting: Waiting): void {
    const queue = this.#queues.get(waiting.owner) ?? [];
    const others = queue.filter((other) => other !== waiting);
    if (others.length > 0) this.#queues.set(waiting.owner, others);
    else this.#queues.delete(waiting.owner);
    waiting.enter(false);
  }
}

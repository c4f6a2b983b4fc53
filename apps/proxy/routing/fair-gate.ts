/**
 * So many at a time, and who waits goes in turn by owner: an owner with a thousand waiting does not
 * make another one wait for all of them. Who waits too long is turned away.
 */

type Waiting = { owner: string; enter: (entered: boolean) => void; timer: NodeJS.Timeout };

export class FairGate {
  readonly #most: number;
  readonly #waitMs: number;
  #inside = 0;
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

  /** True: inside, until `leave` is called. A promise: waits; false if there was no turn in time. */
  take(owner: string): true | Promise<boolean> {
    if (this.#inside < this.#most && this.#queues.size === 0) {
      this.#inside++;
      return true;
    }
    return new Promise((enter) => {
      const waiting: Waiting = {
        owner,
        enter,
        timer: setTimeout(() => this.#turnAway(waiting), this.#waitMs),
      };
      const queue = this.#queues.get(owner);
      if (queue === undefined) this.#queues.set(owner, [waiting]);
      else queue.push(waiting);
    });
  }

  leave(): void {
    const next = this.#next();
    if (next === undefined) {
      this.#inside--;
      return;
    }
    clearTimeout(next.timer);
    next.enter(true);
  }

  #next(): Waiting | undefined {
    const first = this.#queues.entries().next();
    if (first.done) return undefined;
    const [owner, queue] = first.value;
    const waiting = queue.shift();
    // seam: owner-goes-behind-the-others
    this.#queues.delete(owner);
    if (queue.length > 0) this.#queues.set(owner, queue);
    return waiting;
  }

  #turnAway(waiting: Waiting): void {
    const queue = this.#queues.get(waiting.owner) ?? [];
    const others = queue.filter((other) => other !== waiting);
    if (others.length > 0) this.#queues.set(waiting.owner, others);
    else this.#queues.delete(waiting.owner);
    waiting.enter(false);
  }
}

/**
 * The bytes of an answer on their way into the proxy: taken as they come, unless its client is slow or
 * the turn of the event loop is used up. Then the provider is paused, and what has come by then waits.
 */
import type { UpstreamControl } from '@tollgate/adapters/provider/upstream.ts';
import type { TurnBudget } from './turn-budget.ts';

export type IntakeOwner = {
  readonly control: UpstreamControl | undefined;
  take(chunk: Buffer): void;
};

export class Intake {
  readonly #owner: IntakeOwner;
  readonly #turns: TurnBudget;
  /** What waits for a turn; null: nothing does, and what comes is taken. */
  #kept: Buffer[] | null = null;
  #then: (() => void) | undefined;
  #isSlow = false;

  constructor(owner: IntakeOwner, turns: TurnBudget) {
    this.#owner = owner;
    this.#turns = turns;
  }

  get waits(): boolean {
    return this.#kept !== null;
  }

  push(chunk: Buffer): void {
    if (this.#kept !== null) {
      this.#kept.push(chunk);
    } else if (this.#turns.isSpent) {
      this.#wait([chunk]);
    } else {
      this.#take(chunk);
      // What else has come by now is not even read.
      if (this.#turns.isSpent) this.#wait([]);
    }
  }

  /** The client wants no bytes for now. */
  pause(): void {
    this.#isSlow = true;
    this.#owner.control?.pause();
  }

  resume(): void {
    this.#isSlow = false;
    if (this.#kept === null) this.#owner.control?.resume();
  }

  /** @param then is called when all that waits is taken: nothing more comes */
  whenTaken(then: () => void): void {
    this.#then = then;
  }

  #take(chunk: Buffer): void {
    const startedAtMs = performance.now();
    this.#owner.take(chunk);
    this.#turns.spend(performance.now() - startedAtMs);
  }

  #wait(chunks: Buffer[]): void {
    this.#kept = chunks;
    this.#owner.control?.pause();
    this.#turns.wait(() => this.#goOn(chunks));
  }

  #goOn(kept: Buffer[]): void {
    const chunk = kept.shift();
    if (chunk !== undefined) this.#take(chunk);
    if (kept.length > 0 || this.#turns.isSpent) return this.#turns.wait(() => this.#goOn(kept));
    this.#kept = null;
    if (this.#then !== undefined) this.#then();
    else if (!this.#isSlow) this.#owner.control?.resume();
  }
}

/**
 * The bytes of an answer on their way into the proxy: taken as they come, unless its client is slow or
 * the turn of the event loop is used up. Then the provider is paused, and what has come by then waits.
 * What is expensive to read is taken in parts, so that a turn ends soon after it is used up; what is
 * small passes all the same: ordinary streams do not pay for the expensive ones.
 */
import type { UpstreamControl } from '@tollgate/adapters/provider/upstream.ts';
import type { TurnBudget } from './turn-budget.ts';

/** How long one part should take, ms. */
const PART_MS = 2;
/** Smaller parts are not made, bytes: what a packet of them costs has no smaller part. */
const PART_BYTES_MIN = 4_096;
/** So much of an answer passes in a turn that is used up, bytes: one part. */
const PASSED_BYTES_MAX = PART_BYTES_MIN;
/** An answer up to this is settled without waiting, bytes: that takes a millisecond at most. */
const SMALL_ANSWER_BYTES = 16_384;
/** What it takes to find a piece among the bytes of its connection, before it comes here, ms. */
const PIECE_MS = 0.000_7;

export type IntakeOwner = {
  readonly control: UpstreamControl | undefined;
  take(chunk: Buffer): void;
};

export class Intake {
  readonly #owner: IntakeOwner;
  readonly #turns: TurnBudget;
  /** What waits for a turn; null: nothing does, and what comes is taken. */
  #kept: Buffer[] | null = null;
  /** Of an answer that was expensive so far. */
  #partBytes = Infinity;
  #bytes = 0;
  /** The turn in which something passed although it was used up, and how much. */
  #passedIn = -1;
  #passedBytes = 0;
  #then: (() => void) | undefined;
  #isSlow = false;

  constructor(owner: IntakeOwner, turns: TurnBudget) {
    this.#owner = owner;
    this.#turns = turns;
  }

  get waits(): boolean {
    return this.#kept !== null;
  }

  /** That have come, whether or not they are taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What has come is little: it is cheap to settle. */
  get isSmall(): boolean {
    return this.#bytes <= SMALL_ANSWER_BYTES;
  }

  /** @param pieces that the chunk was gathered from */
  push(chunk: Buffer, pieces = 1): void {
    this.#bytes += chunk.length;
    if (pieces > 1) this.#turns.spend(pieces * PIECE_MS);
    if (this.#kept !== null) {
      this.#kept.push(chunk);
    } else if (!this.#turns.isSpent) {
      const rest = this.#take(chunk);
      // What else has come by now is not even read.
      if (rest !== null) this.#wait([rest]);
      else if (this.#turns.isSpent) this.#wait([]);
    } else if (this.#mayPass(chunk)) {
      this.#take(chunk);
    } else {
      this.#wait([chunk]);
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

  #mayPass(chunk: Buffer): boolean {
    const { number, isOver } = this.#turns;
    if (isOver) return false;
    if (this.#passedIn !== number) this.#passedBytes = 0;
    this.#passedIn = number;
    this.#passedBytes += chunk.length;
    return this.#passedBytes <= PASSED_BYTES_MAX;
  }

  /** @returns what waits for the next turn; null: nothing */
  #take(chunk: Buffer): Buffer | null {
    for (let rest = chunk; ; ) {
      const isLast = rest.length <= this.#partBytes;
      const part = isLast ? rest : rest.subarray(0, this.#partBytes);
      const startedAtMs = performance.now();
      this.#owner.take(part);
      const ms = performance.now() - startedAtMs;
      this.#turns.spend(ms);
      if (ms > PART_MS) this.#partBytes = Math.max(PART_BYTES_MIN, part.length >> 1);
      if (isLast) return null;
      if (ms < PART_MS / 4) this.#partBytes *= 2;
      rest = rest.subarray(part.length);
      if (this.#turns.isSpent) return rest;
    }
  }

  #wait(chunks: Buffer[]): void {
    this.#kept = chunks;
    this.#owner.control?.pause();
    this.#turns.wait(() => this.#goOn(chunks));
  }

  #goOn(kept: Buffer[]): void {
    for (let chunk = kept.shift(); chunk !== undefined; chunk = kept.shift()) {
      const rest = this.#take(chunk);
      if (rest !== null) kept.unshift(rest);
      if (this.#turns.isSpent) break;
    }
    if (kept.length > 0 || this.#turns.isSpent) return this.#turns.wait(() => this.#goOn(kept));
    this.#kept = null;
    if (this.#then !== undefined) this.#then();
    else if (!this.#isSlow) this.#owner.control?.resume();
  }
}

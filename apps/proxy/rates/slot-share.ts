/**
 * Slots for concurrent calls that this proxy has of one counter. They are claimed whole, not added
 * up, and claimed again in time; a proxy that could not claim them in time admits nothing more on
 * them, and what runs is claimed with the next claim.
 */
import type { RateStore } from '@tollgate/adapters/rates/rates.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';

export class SlotShare {
  readonly counter: string;
  limit: RateLimit;
  slots = 0;
  used = 0;
  /** Calls that wait for a slot. */
  waiting = 0;
  /** A claim; one at a time, so that the last one said is the last one heard. */
  pending: Promise<void> | null = null;
  /** performance.now() until which the slots are ours. */
  #oursUntilMs = Number.NEGATIVE_INFINITY;
  #leaseMs = Number.POSITIVE_INFINITY;
  #claimedAtMs = Number.NEGATIVE_INFINITY;
  #freedAtMs = Number.NEGATIVE_INFINITY;
  #refusedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(counter: string, limit: RateLimit) {
    this.counter = counter;
    this.limit = limit;
  }

  has(nowMs: number): boolean {
    return this.used < this.slots && nowMs < this.#oursUntilMs;
  }

  /** A moment ago there was none. */
  isRefused(nowMs: number): boolean {
    return nowMs < this.#refusedUntilMs;
  }

  leave(nowMs: number): void {
    this.used--;
    this.#freedAtMs = nowMs;
  }

  /** It has slots that nobody has used for a while, or they must be claimed again. */
  isDue(nowMs: number, idleMs: number): boolean {
    if (this.slots === 0 && this.used === 0) return false;
    if (nowMs - this.#claimedAtMs >= this.#leaseMs / 5) return true;
    return this.slots > this.used && nowMs - this.#freedAtMs >= idleMs;
  }

  get isEmpty(): boolean {
    return this.slots === 0 && this.used === 0 && this.waiting === 0 && this.pending === null;
  }

  /**
   * Claims what runs and what waits.
   *
   * @throws if the store is away
   */
  async claim(
    store: RateStore,
    owner: string,
    clock: () => number,
    refusedForMs: number,
  ): Promise<void> {
    const sentAtMs = clock();
    const want = this.used + this.waiting;
    // While the store hears of fewer, no call may enter on the others.
    this.slots = Math.min(this.slots, Math.max(want, this.used));
    const { counter, used } = this;
    const granted = await store.claim({ counter, owner, limit: this.limit.limit, want, used });
    this.slots = granted.slots;
    this.#claimedAtMs = sentAtMs;
    this.#leaseMs = granted.leaseMs ?? Number.POSITIVE_INFINITY;
    this.#oursUntilMs = sentAtMs + this.#leaseMs;
    if (granted.slots < want) this.#refusedUntilMs = clock() + refusedForMs;
  }
}

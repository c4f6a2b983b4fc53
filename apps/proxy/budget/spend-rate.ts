/**
 * What this proxy takes out of its slices of a window each second, lately, on its monotonic clock: so
 * large is the next slice (docs/design.md, Budgets: leases). It is worked out when a slice is asked for,
 * so a call pays nothing for it.
 */
import { aheadOf, rateAfter } from '@tollgate/domain/budget/pace.ts';
import type { LocalLease } from './local-lease.ts';

export class SpendRate {
  /** null: nothing is known yet. */
  #perSecond: bigint | null;
  /** Charged to slices that have gone back. */
  #settled = 0n;
  #used = 0n;
  #atMs: number | null = null;

  /** @param before of the budget's last window: it says what this one may expect */
  constructor(before?: SpendRate) {
    this.#perSecond = before === undefined ? null : before.#perSecond;
  }

  /** A slice has gone back. */
  settled({ spent }: LocalLease): void {
    this.#settled += spent;
  }

  /**
   * What the proxy needs until it asks again; null: nobody knows.
   *
   * @param leases those that it has
   * @param nowMs performance.now()
   * @param stretch of the window
   */
  ahead(leases: readonly LocalLease[], nowMs: number, stretch: bigint): bigint | null {
    // What running calls hold is out of its slices as well.
    let used = this.#settled;
    for (const lease of leases) used += lease.spent + lease.held;
    if (this.#atMs !== null) {
      this.#perSecond = rateAfter(this.#perSecond ?? 0n, used - this.#used, nowMs - this.#atMs);
    }
    this.#used = used;
    this.#atMs = nowMs;
    return this.#perSecond === null ? null : aheadOf(this.#perSecond, stretch);
  }
}

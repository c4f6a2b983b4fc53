/**
 * Counters of rates in memory: the embedded store, which the supervisor's process has for its
 * proxies. All methods are synchronous, so each is atomic.
 */
import { availableBy, rateWindow } from '@tollgate/domain/rate-limit/window.ts';
import type { RateCorrection, RateShare, RateTake, SlotClaim, SlotGrant } from './rates.ts';

/** Counters of windows: some 150 bytes each. One more is refused, and its limit's policy decides. */
const COUNTERS_MAX = 1_000_000;
/** Counters of ended windows that are removed when one is made. */
const REMOVED_AT_ONCE = 4;

export type KeptCounter = [counter: string, lengthMs: number, startMs: number, given: number];

type Counter = { lengthMs: number; startMs: number; given: number };

export class RateCounters {
  readonly #clock: () => number;
  readonly #knownFromMs: number;
  readonly #countersMax: number;
  /** Those whose window is oldest first. */
  readonly #counters = new Map<string, Counter>();
  readonly #slots = new Map<string, Map<string, number>>();

  /**
   * @param clock Unix ms
   * @param knownFromMs windows that began by then are not given from. Default: all are known
   */
  constructor(
    clock: () => number,
    knownFromMs = Number.NEGATIVE_INFINITY,
    countersMax = COUNTERS_MAX,
  ) {
    this.#clock = clock;
    this.#knownFromMs = knownFromMs;
    this.#countersMax = countersMax;
  }

  /** @throws Error if there are too many counters */
  take({ counter, lengthMs, limit, smoothing, need, most }: RateTake): RateShare {
    const nowMs = this.#clock();
    const found = this.#counterOf(counter, lengthMs, nowMs);
    const { startMs } = found;
    const endMs = startMs + lengthMs;
    const remainingMs = endMs - nowMs;
    // seam: store-knows-the-window
    if (startMs <= this.#knownFromMs) {
      return { granted: 0, given: 0, windowStartMs: startMs, remainingMs, forgotten: true };
    }
    const available = availableBy(limit, smoothing, { startMs, endMs }, nowMs) - found.given;
    // seam: share-within-the-limit
    const granted = available >= need ? Math.min(most, available) : 0;
    found.given += granted;
    const { given } = found;
    return { granted, given, windowStartMs: startMs, remainingMs, forgotten: false };
  }

  correct({ counter, windowStartMs, delta }: RateCorrection): void {
    const found = this.#counters.get(counter);
    if (found?.startMs !== windowStartMs) return;
    found.given = Math.max(0, found.given + delta);
  }

  claim({ counter, owner, limit, want, used }: SlotClaim): SlotGrant {
    const owners = this.#slots.get(counter) ?? new Map<string, number>();
    let others = 0;
    for (const [other, slots] of owners) if (other !== owner) others += slots;
    const slots = Math.max(used, Math.min(want, limit - others));
    if (slots > 0) owners.set(owner, slots);
    else owners.delete(owner);
    if (owners.size > 0) this.#slots.set(counter, owners);
    else this.#slots.delete(counter);
    return { slots, leaseMs: null };
  }

  /** Its process has ended: what it had is free. */
  left(owner: string): void {
    for (const [counter, owners] of this.#slots) {
      if (owners.delete(owner) && owners.size === 0) this.#slots.delete(counter);
    }
  }

  /** What a store that begins anywhere in these windows must know. */
  kept(): KeptCounter[] {
    return [...this.#counters].map(([counter, { lengthMs, startMs, given }]) => [
      counter,
      lengthMs,
      startMs,
      given,
    ]);
  }

  restore(kept: readonly KeptCounter[]): void {
    for (const [counter, lengthMs, startMs, given] of kept) {
      this.#counters.set(counter, { lengthMs, startMs, given });
    }
  }

  #counterOf(counter: string, lengthMs: number, nowMs: number): Counter {
    const { startMs } = rateWindow(lengthMs, nowMs);
    const found = this.#counters.get(counter);
    // A clock that is put back by less than a window does not open the one before again.
    if (
      found !== undefined &&
      (found.startMs === startMs || found.startMs === startMs + lengthMs)
    ) {
      return found;
    }
    this.#counters.delete(counter);
    this.#removeEnded(nowMs);
    if (this.#counters.size >= this.#countersMax) throw new Error('too many counters of rates');
    const made = { lengthMs, startMs, given: 0 };
    this.#counters.set(counter, made);
    return made;
  }

  #removeEnded(nowMs: number): void {
    let removed = 0;
    for (const [counter, { startMs, lengthMs }] of this.#counters) {
      // The one after it is kept too, as above.
      if (startMs + 2 * lengthMs > nowMs || removed === REMOVED_AT_ONCE) return;
      this.#counters.delete(counter);
      removed++;
    }
  }
}

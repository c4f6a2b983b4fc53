/**
 * What this proxy has of the running window of one counter: a share that the store granted, spent in
 * memory. The window is the store's; how long it goes on is measured on our monotonic clock from the
 * moment at which the share was asked for, so it is never used too late, whatever the clocks say.
 */
import type { RateShare, RateStore, RateTake } from '@tollgate/adapters/rates/rates.ts';
import { chunkOf } from '@tollgate/domain/rate-limit/chunk.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import {
  availableBy,
  msUntilAvailable,
  windowLengthMs,
} from '@tollgate/domain/rate-limit/window.ts';
import type { ProxyLimits } from '../limits.ts';

export type ShareLimits = Pick<ProxyLimits, 'rateWindowGuardMs' | 'rateSeenForMs'>;

/** The most that a proxy's own rate forgets with each share. */
const RATE_MEMORY = 0.5;

export class WindowShare {
  readonly counter: string;
  readonly lengthMs: number;
  limit: RateLimit;
  /** Of the store's clock: the name of the window; −1: none was seen. */
  windowStartMs = -1;
  /** Granted and not used. */
  available = 0;
  /** Of calls that wait for a share. */
  waiting = 0;
  /** A question to the store; one at a time. */
  pending: Promise<void> | null = null;
  /** performance.now(): so long the share may be used, and from then on the next window runs. */
  #usableUntilMs = Number.NEGATIVE_INFINITY;
  #opensAtMs = Number.NEGATIVE_INFINITY;
  /** Of the window, to all proxies, when it was last seen. */
  #given = 0;
  #seenAtMs = Number.NEGATIVE_INFINITY;
  #forgotten = false;
  #usedAtMs = Number.NEGATIVE_INFINITY;
  /** What our calls use, per ms. */
  #perMs = 0;
  #usedSince = 0;
  readonly #bounds: ShareLimits;

  constructor(counter: string, limit: RateLimit, bounds: ShareLimits) {
    if (limit.per === null) throw new Error(`${limit.rate_limit_id} has no window`);
    this.counter = counter;
    this.limit = limit;
    this.lengthMs = windowLengthMs(limit.per);
    this.#bounds = bounds;
  }

  /** The window that was seen last still runs. */
  runs(nowMs: number): boolean {
    return nowMs < this.#opensAtMs;
  }

  /** Calls may still start in it. */
  isUsable(nowMs: number): boolean {
    return nowMs < this.#usableUntilMs;
  }

  /** Nothing of the window is used any more: what is sent now would arrive in the next one. */
  isEnding(nowMs: number): boolean {
    return this.runs(nowMs) && nowMs >= this.#usableUntilMs;
  }

  /** How long until the next window, ms. */
  msToNext(nowMs: number): number {
    return Math.max(0, this.#opensAtMs - nowMs);
  }

  has(amount: number, nowMs: number): boolean {
    return nowMs < this.#usableUntilMs && this.available >= amount;
  }

  /** Only what it has. */
  use(amount: number, nowMs: number): void {
    this.available -= amount;
    this.#usedSince += amount;
    this.#usedAtMs = nowMs;
  }

  /** Of the window `startMs`: it was reserved and not used. False: that window is over. */
  unuse(startMs: number, amount: number, nowMs: number): boolean {
    // seam: correction-stays-in-its-window
    if (startMs !== this.windowStartMs || nowMs >= this.#usableUntilMs) return false;
    this.available += amount;
    return true;
  }

  isIdle(nowMs: number, idleMs: number): boolean {
    return nowMs - this.#usedAtMs >= idleMs;
  }

  /** The store knows nothing of the running window, because it restarted in it. */
  isForgotten(nowMs: number): boolean {
    return this.#forgotten && this.runs(nowMs);
  }

  /**
   * Whether the store need not be asked for `amount`: a moment ago it had less. If so, how long until
   * it may be there, ms; null: never.
   */
  refusedFor(amount: number, nowMs: number): number | null | false {
    if (amount > this.limit.limit) return null;
    if (!this.runs(nowMs) || nowMs - this.#seenAtMs > this.#bounds.rateSeenForMs) return false;
    return this.left(nowMs) >= amount ? false : this.msUntil(amount, nowMs);
  }

  msUntil(amount: number, nowMs: number): number | null {
    const given = this.#given - this.available;
    const { window, storeMs } = this.#storeClock(nowMs);
    return msUntilAvailable(this.limit, window, { given, amount, nowMs: storeMs });
  }

  /** Of the running window, as it was last seen: what others have not got, and what we have. */
  left(nowMs: number): number {
    const { limit, smoothing } = this.limit;
    if (!this.runs(nowMs)) return limit;
    const given = smoothing ? this.#availableBy(nowMs) : limit;
    return Math.max(0, given - this.#given) + this.available;
  }

  /** Of the store's wall clock. */
  resetsAtMs(): number {
    return this.windowStartMs + this.lengthMs;
  }

  /**
   * Asks the store for what a call needs, and for what others that wait and the next moment may need.
   *
   * @throws if the store is away
   */
  async ask(store: RateStore, amount: number, clock: () => number): Promise<void> {
    const sentAtMs = clock();
    const share = await store.take(this.#wanted(amount, sentAtMs));
    this.#got(share, sentAtMs, clock());
  }

  /** What is not used goes back, so that others can use it. */
  takeBack(nowMs: number): number {
    const back = nowMs < this.#usableUntilMs ? this.available : 0;
    this.available = 0;
    this.#given = Math.max(0, this.#given - back);
    return back;
  }

  #wanted(amount: number, nowMs: number): RateTake {
    const { limit, smoothing } = this.limit;
    const mine = nowMs < this.#usableUntilMs ? this.available : 0;
    const need = Math.max(1, amount - mine);
    const left = this.runs(nowMs) ? this.left(nowMs) - mine : limit;
    const most = Math.max(need, chunkOf(this.waiting - mine, this.#perMs, left));
    return { counter: this.counter, lengthMs: this.lengthMs, limit, smoothing, need, most };
  }

  #got(share: RateShare, sentAtMs: number, nowMs: number): void {
    const { granted, given, windowStartMs, remainingMs, forgotten } = share;
    // What was left of another window has ended with it.
    if (windowStartMs !== this.windowStartMs) this.available = 0;
    const sinceMs = nowMs - this.#seenAtMs;
    if (Number.isFinite(sinceMs) && sinceMs > 0) {
      this.#perMs += (this.#usedSince / sinceMs - this.#perMs) * RATE_MEMORY;
    }
    this.#usedSince = 0;
    this.windowStartMs = windowStartMs;
    this.available += granted;
    this.#given = given;
    this.#forgotten = forgotten;
    this.#seenAtMs = nowMs;
    this.#usableUntilMs = sentAtMs + remainingMs - this.#bounds.rateWindowGuardMs;
    this.#opensAtMs = nowMs + remainingMs;
  }

  #availableBy(nowMs: number): number {
    const { window, storeMs } = this.#storeClock(nowMs);
    return availableBy(this.limit.limit, true, window, storeMs);
  }

  #storeClock(nowMs: number) {
    const endMs = this.resetsAtMs();
    return {
      window: { startMs: this.windowStartMs, endMs },
      storeMs: endMs - this.msToNext(nowMs),
    };
  }
}

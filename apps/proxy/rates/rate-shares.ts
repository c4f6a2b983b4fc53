/**
 * The shares and slots that this proxy has, by counter: how they are filled, given back, kept, and
 * forgotten. Their number is bounded; the one whose window began longest ago goes first.
 */
import type { RateStore } from '@tollgate/adapters/rates/rates.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import type { ProxyLimits } from '../limits.ts';
import type { WindowPart } from './rate-ticket.ts';
import { SlotShare } from './slot-share.ts';
import type { StoreHealth } from './store-health.ts';
import { WindowShare } from './window-share.ts';

export type RateSharesOptions = {
  store: RateStore;
  owner: string;
  limits: ProxyLimits;
  clock: () => number;
  health: StoreHealth;
};

/** How many old shares are looked at where one must go. */
const LOOKED_AT_MAX = 16;

export class RateShares {
  readonly #options: RateSharesOptions;
  readonly #windows = new Map<string, WindowShare>();
  readonly #slots = new Map<string, SlotShare>();
  /** Those that may have something to give back. */
  readonly #withRest = new Set<WindowShare>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RateSharesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#windows.size + this.#slots.size;
  }

  /** Of a counter in its running window; undefined: this proxy knows nothing of it. */
  seen(counter: string, nowMs: number): { left: number; resetsAtMs: number | null } | undefined {
    const slots = this.#slots.get(counter);
    if (slots !== undefined) {
      return { left: Math.max(0, slots.limit.limit - slots.used), resetsAtMs: null };
    }
    const share = this.#windows.get(counter);
    if (share === undefined || !share.runs(nowMs)) return undefined;
    return { left: Math.max(0, share.left(nowMs)), resetsAtMs: share.resetsAtMs() };
  }

  window(counter: string, limit: RateLimit, nowMs: number): WindowShare {
    const found = this.#windows.get(counter);
    if (found === undefined) return this.#addWindow(counter, limit, nowMs);
    if (found.limit !== limit) {
      // A share under a higher limit is not used any more.
      if (limit.limit < found.limit.limit) this.giveBack(found, nowMs);
      found.limit = limit;
    }
    if (!found.runs(nowMs)) {
      this.#windows.delete(counter);
      this.#windows.set(counter, found);
    }
    return found;
  }

  slots(counter: string, limit: RateLimit): SlotShare {
    let found = this.#slots.get(counter);
    if (found === undefined) {
      found = new SlotShare(counter, limit);
      this.#slots.set(counter, found);
    }
    found.limit = limit;
    return found;
  }

  start(): void {
    this.#timer = setInterval(() => this.sweep(), this.#options.limits.rateSweepMs).unref();
  }

  /** Asks for all of it at once, and waits until everything is answered or it is time to go. */
  async fill(short: readonly (WindowPart | SlotShare)[], untilMs: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const waitMs = Math.max(0, untilMs - this.#options.clock());
    const timer = setTimeout(resolve, waitMs);
    const answers = short.map((one) =>
      'share' in one ? this.#fillWindow(one) : this.#fillSlots(one),
    );
    await Promise.race([Promise.all(answers), late]);
    clearTimeout(timer);
  }

  /** What it has not used goes back to the others, if it is still something. */
  giveBack(share: WindowShare, nowMs: number): void {
    const rest = share.takeBack(nowMs);
    if (rest > 0) this.#correct(share, share.windowStartMs, -rest);
  }

  /** @param unused of what was reserved in that window; below zero: more than that was used */
  correct(share: WindowShare, startMs: number, unused: number): void {
    const { clock } = this.#options;
    if (unused > 0) {
      if (share.unuse(startMs, unused, clock())) this.#withRest.add(share);
    } else this.#correct(share, startMs, -unused);
  }

  sweep(): void {
    const { clock, limits } = this.#options;
    const nowMs = clock();
    for (const share of this.#withRest) {
      if (!share.isIdle(nowMs, limits.rateIdleMs)) continue;
      this.#withRest.delete(share);
      this.giveBack(share, nowMs);
    }
    for (const [counter, share] of this.#slots) {
      if (share.isEmpty) this.#slots.delete(counter);
      else if (share.pending === null && share.isDue(nowMs, limits.rateIdleMs)) {
        share.pending = this.#claim(share);
      }
    }
    for (const [counter, share] of this.#windows) {
      if (share.runs(nowMs)) break;
      if (!isNeeded(share)) this.#drop(counter, share);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const { clock, store } = this.#options;
    const nowMs = clock();
    for (const share of this.#withRest) this.giveBack(share, nowMs);
    await Promise.all([...this.#slots.values()].map((share) => this.#claim(share)));
    await store.close();
  }

  #addWindow(counter: string, limit: RateLimit, nowMs: number): WindowShare {
    const { limits } = this.#options;
    let lookedAt = 0;
    for (const [oldest, share] of this.#windows) {
      if (this.#windows.size < limits.rateSharesMax || lookedAt++ === LOOKED_AT_MAX) break;
      if (isNeeded(share)) continue;
      this.giveBack(share, nowMs);
      this.#drop(oldest, share);
    }
    const added = new WindowShare(counter, limit, limits);
    this.#windows.set(counter, added);
    return added;
  }

  #drop(counter: string, share: WindowShare): void {
    this.#withRest.delete(share);
    this.#windows.delete(counter);
  }

  async #fillWindow({ share, amount }: WindowPart): Promise<void> {
    const nowMs = this.#options.clock();
    if (share.isEnding(nowMs)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      setTimeout(resolve, Math.ceil(share.msToNext(nowMs)));
      return promise;
    }
    share.waiting += amount;
    try {
      share.pending ??= this.#ask(share, amount);
      await share.pending;
    } finally {
      share.waiting -= amount;
    }
  }

  async #fillSlots(share: SlotShare): Promise<void> {
    share.waiting++;
    try {
      share.pending ??= this.#claim(share);
      await share.pending;
    } finally {
      share.waiting--;
    }
  }

  async #ask(share: WindowShare, amount: number): Promise<void> {
    const { store, clock, health } = this.#options;
    try {
      // What comes at the same time is asked for together.
      await null;
      await share.ask(store, amount, clock);
      this.#withRest.add(share);
      health.answered();
    } catch (error) {
      health.lost(error as Error, clock());
    } finally {
      share.pending = null;
    }
  }

  async #claim(share: SlotShare): Promise<void> {
    const { store, owner, clock, health, limits } = this.#options;
    try {
      await null;
      await share.claim(store, owner, clock, limits.rateSeenForMs);
      health.answered();
    } catch (error) {
      health.lost(error as Error, clock());
    } finally {
      share.pending = null;
    }
  }

  #correct(share: WindowShare, windowStartMs: number, delta: number): void {
    const { store, clock, health } = this.#options;
    const { counter, lengthMs } = share;
    store.correct({ counter, lengthMs, windowStartMs, delta }).catch((error: unknown) => {
      health.lost(error as Error, clock());
    });
  }
}

function isNeeded(share: WindowShare): boolean {
  return share.pending !== null || share.waiting > 0;
}

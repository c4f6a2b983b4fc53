/**
 * Rate limits of calls (docs/design.md, Rate limits): all limits on a call's path let it through, or
 * nothing is taken from any of them. Shares of windows and slots come from a store that all proxies
 * use; a call finds them in memory, and waits for the store only where this proxy has none.
 *
 * A store that does not answer is away: the limit's own policy decides about what cannot be counted.
 */
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import type { RateStore } from '@tollgate/adapters/rates/rates.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import { type CallBound, reservedFor } from '@tollgate/domain/rate-limit/tokens.ts';
import type { ProxyLimits } from '../limits.ts';
import { RateShares } from './rate-shares.ts';
import { RateTicket, type WindowPart } from './rate-ticket.ts';
import type { SlotShare } from './slot-share.ts';
import { StoreHealth } from './store-health.ts';

export type RateCall = {
  /** All that bind it. */
  limits: readonly RateLimit[];
  endUser: string | null;
  bound: CallBound;
};

export type RateRefusal = {
  kind: 'exceeded' | 'unavailable';
  limit: RateLimit;
  /** When it may succeed, ms from now; null: never. */
  retryMs: number | null;
  /** Unix ms of the store's clock; null: there is no window. */
  resetsAtMs: number | null;
  needed: number;
  /** Of the limit, as this proxy last saw it. */
  left: number;
};

export type RateBookOptions = {
  store: RateStore;
  /** This proxy instance. */
  owner: string;
  limits: ProxyLimits;
  /** When the store is lost, and when it is back (null). */
  onStore: (error: Error | null) => void;
  /** Monotonic, ms. */
  clock?: () => number;
};

/** What a call takes of each limit. */
type Parts = { windows: WindowPart[]; slots: SlotShare[] };
/** What a call has to wait for. */
type Short = (WindowPart | SlotShare)[];

export class RateBook {
  readonly #options: RateBookOptions;
  readonly #clock: () => number;
  readonly #shares: RateShares;
  readonly #health: StoreHealth;
  #unenforced = 0;

  constructor(options: RateBookOptions) {
    const { store, owner, limits, onStore, clock = () => performance.now() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#health = new StoreHealth(limits.rateAwayMs, onStore);
    this.#shares = new RateShares({ store, owner, limits, clock, health: this.#health });
  }

  /** `unenforced`: parts of calls that a limit let through without counting them. */
  gauges() {
    return {
      isAway: this.#health.isAway(this.#clock()),
      failures: this.#health.failures,
      unenforced: this.#unenforced,
      shares: this.#shares.size,
    };
  }

  start(): void {
    this.#shares.start();
  }

  /** Gives back what it has. */
  stop(): Promise<void> {
    return this.#shares.stop();
  }

  /**
   * What is left of a limit as this proxy last saw it: it has not asked anybody for this. Null: each end
   * user has one of its own.
   */
  seen(limit: RateLimit): { left: number; resetsAtMs: number | null } | null {
    if (limit.scope.type === 'end_user') return null;
    const { left, resetsAtMs } = this.#shares.seen(limit.rate_limit_id, this.#clock()) ?? {};
    return { left: Math.min(left ?? limit.limit, limit.limit), resetsAtMs: resetsAtMs ?? null };
  }

  /** A promise only where the store must be asked. */
  admit(call: RateCall): RateTicket | RateRefusal | Promise<RateTicket | RateRefusal> {
    const nowMs = this.#clock();
    const parts = this.#partsOf(call, nowMs);
    const short: Short = [];
    const refusal = this.#look(parts, nowMs, short);
    if (refusal !== null) return refusal;
    return short.length === 0 ? this.#take(parts, nowMs) : this.#wait(parts, short, nowMs);
  }

  #partsOf({ limits, endUser, bound }: RateCall, nowMs: number): Parts {
    const parts: Parts = { windows: [], slots: [] };
    for (const limit of limits) {
      const { scope, measure } = limit;
      // A call that states no end user counts as one of its own, or none of them would be limited.
      const counter =
        scope.type === 'end_user'
          ? `${limit.rate_limit_id}:${endUserDigest(endUser)}`
          : limit.rate_limit_id;
      if (measure === 'concurrent_calls') {
        parts.slots.push(this.#shares.slots(counter, limit));
        continue;
      }
      const amount = reservedFor(measure, bound);
      if (amount === 0) continue;
      const share = this.#shares.window(counter, limit, nowMs);
      parts.windows.push({ share, measure, amount, startMs: -1, counts: true });
    }
    return parts;
  }

  /** @param short gets what is missing, if nothing is known to be against the call */
  #look({ windows, slots }: Parts, nowMs: number, short: Short): RateRefusal | null {
    const isAway = this.#health.isAway(nowMs);
    for (const part of windows) {
      const { share, amount } = part;
      if (!part.counts || share.has(amount, nowMs)) continue;
      const retryMs = share.refusedFor(amount, nowMs);
      if (retryMs !== false) {
        this.#shares.giveBack(share, nowMs);
        return refusalOf(part, retryMs, nowMs);
      }
      if (isAway || share.isForgotten(nowMs)) {
        const refusal = this.#withoutStore(part, nowMs);
        if (refusal !== null) return refusal;
      } else short.push(part);
    }
    for (let index = slots.length - 1; index >= 0; index--) {
      const share = slots[index] as SlotShare;
      if (share.has(nowMs)) continue;
      if (share.isRefused(nowMs)) return this.#noSlot(share);
      if (!isAway) {
        short.push(share);
        continue;
      }
      if (share.limit.when_store_is_away === 'closed') return this.#slotUnavailable(share);
      this.#unenforced++;
      slots.splice(index, 1);
    }
    return null;
  }

  #take({ windows, slots }: Parts, nowMs: number): RateTicket {
    for (const part of windows) {
      if (!part.counts) continue;
      part.share.use(part.amount, nowMs);
      part.startMs = part.share.windowStartMs;
    }
    for (const share of slots) share.used++;
    return new RateTicket(this.#shares, windows, slots, this.#clock);
  }

  async #wait(parts: Parts, first: Short, sinceMs: number): Promise<RateTicket | RateRefusal> {
    const untilMs = sinceMs + this.#options.limits.rateWaitMs;
    let short = first;
    for (;;) {
      await this.#shares.fill(short, untilMs);
      const nowMs = this.#clock();
      const stillShort: Short = [];
      const refusal = this.#look(parts, nowMs, stillShort);
      if (refusal !== null) return refusal;
      if (stillShort.length === 0) return this.#take(parts, nowMs);
      if (nowMs >= untilMs) return this.#giveUp(parts, stillShort, nowMs);
      short = stillShort;
    }
  }

  /** It has waited long enough: for a store that is silent, or others were always quicker. */
  #giveUp(parts: Parts, short: Short, nowMs: number): RateTicket | RateRefusal {
    const isSilent = short.some((one) => ('share' in one ? one.share : one).pending !== null);
    if (isSilent) {
      this.#health.lost(new Error('the store of rates did not answer in time'), nowMs);
      return this.#look(parts, nowMs, []) ?? this.#take(parts, nowMs);
    }
    const [one] = short;
    if (one === undefined) throw new Error('a call gave up although it lacked nothing');
    if (!('share' in one)) return this.#noSlot(one);
    return refusalOf(one, this.#options.limits.rateSeenForMs, nowMs);
  }

  /** By the limit's policy; null: the call passes, and this part of it does not count. */
  #withoutStore(part: WindowPart, nowMs: number): RateRefusal | null {
    const { share } = part;
    if (share.limit.when_store_is_away === 'closed') {
      const { rateAwayMs } = this.#options.limits;
      const retryMs = share.isForgotten(nowMs) ? share.msToNext(nowMs) : rateAwayMs;
      return { ...refusalOf(part, retryMs, nowMs), kind: 'unavailable' };
    }
    this.#unenforced++;
    part.counts = false;
    return null;
  }

  #noSlot({ limit }: SlotShare): RateRefusal {
    const retryMs = this.#options.limits.rateSlotRetryMs;
    return { kind: 'exceeded', limit, retryMs, resetsAtMs: null, needed: 1, left: 0 };
  }

  #slotUnavailable({ limit }: SlotShare): RateRefusal {
    const retryMs = this.#options.limits.rateAwayMs;
    return { kind: 'unavailable', limit, retryMs, resetsAtMs: null, needed: 1, left: 0 };
  }
}

function refusalOf(
  { share, amount }: WindowPart,
  retryMs: number | null,
  nowMs: number,
): RateRefusal {
  const { limit } = share;
  const left = share.left(nowMs);
  const resetsAtMs = share.windowStartMs === -1 ? null : share.resetsAtMs();
  return { kind: 'exceeded', limit, retryMs, resetsAtMs, needed: amount, left };
}

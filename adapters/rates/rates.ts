/**
 * The port of rate limits: one counter for each limit, or for each end user of one, shared by all
 * proxies. A share of a window is taken at once and spent in memory; slots of concurrent calls are
 * stated, not added, so that a lost answer leaks none.
 *
 * The store's clock says which window it is. Windows are aligned to UTC; a share says how much of its
 * window is left, and a proxy measures that on its own monotonic clock.
 */

export type RateTake = {
  counter: string;
  /** Length of the window, ms. */
  lengthMs: number;
  limit: number;
  /** The limit grows with the seconds of the window (`availableBy`). */
  smoothing: boolean;
  /** Less than this is nothing. */
  need: number;
  /** More than this is not taken. */
  most: number;
};

export type RateShare = {
  /** 0, or from `need` to `most`. */
  granted: number;
  /** Of the window, to all proxies, this share included. */
  given: number;
  /** Unix ms of the store's clock: the name of the window. */
  windowStartMs: number;
  /** How long the window goes on, ms. */
  remainingMs: number;
  /** The store began after the window did, so it does not know what was given: nothing is. */
  forgotten: boolean;
};

export type RateCorrection = {
  counter: string;
  lengthMs: number;
  windowStartMs: number;
  /** Below zero: given back. Above: used without a share; the limit is no bound here. */
  delta: number;
};

export type SlotClaim = {
  counter: string;
  /** Whose slots: one proxy instance. */
  owner: string;
  limit: number;
  /** How many it wants in all. */
  want: number;
  /** How many run: these it has in any case. */
  used: number;
};

export type SlotGrant = {
  /** From `used` to `want`. */
  slots: number;
  /** How long they are its own unless it claims them again, ms; null: for as long as it lives. */
  leaseMs: number | null;
};

export type RateStore = {
  take(take: RateTake): Promise<RateShare>;
  /** Of the window that still runs; otherwise nothing. Never twice. */
  correct(correction: RateCorrection): Promise<void>;
  claim(claim: SlotClaim): Promise<SlotGrant>;
  close(): Promise<void>;
};

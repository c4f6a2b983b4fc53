/** What one call has taken of its limits, from its admission to its end. */
import { usedBy, type WindowMeasure } from '@tollgate/domain/rate-limit/tokens.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import type { SlotShare } from './slot-share.ts';
import type { WindowShare } from './window-share.ts';

export type WindowPart = {
  share: WindowShare;
  measure: WindowMeasure;
  /** Reserved. */
  amount: number;
  /** Of the window in which the call counts. */
  startMs: number;
  /** False: its store was away and its policy is `open`. */
  counts: boolean;
};

/** Where shares are kept. */
type Corrected = { correct(share: WindowShare, startMs: number, unused: number): void };

export class RateTicket {
  readonly #shares: Corrected;
  readonly #windows: readonly WindowPart[];
  readonly #slots: readonly SlotShare[];
  readonly #clock: () => number;
  #hasLeft = false;

  constructor(
    shares: Corrected,
    windows: readonly WindowPart[],
    slots: readonly SlotShare[],
    clock: () => number,
  ) {
    this.#shares = shares;
    this.#windows = windows;
    this.#slots = slots;
    this.#clock = clock;
  }

  /** A call that starts now starts in the windows in which it counts. */
  isCurrent(): boolean {
    const nowMs = this.#clock();
    for (const { share, startMs, counts } of this.#windows) {
      if (counts && (share.windowStartMs !== startMs || !share.isUsable(nowMs))) return false;
    }
    return true;
  }

  /** The call was not sent: nothing of it counts. Once, and not after it has left. */
  cancel(): void {
    // seam: taken-is-given-back-once
    if (this.#hasLeft) return;
    for (const part of this.#windows) this.#return(part, part.amount);
    this.leave();
  }

  /** The attempt has ended: what it did not use of its reserve is there again. */
  settle(outcome: AttemptOutcome): void {
    // An estimate may be below the truth.
    // seam: estimate-is-no-use
    if (outcome.usage_source === 'estimated') return;
    for (const part of this.#windows) {
      const used = usedBy(part.measure, outcome);
      if (used !== null) this.#return(part, part.amount - used);
    }
  }

  /** The call has ended, however it did: its slots are free. Once, however often it is said. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    const nowMs = this.#clock();
    for (const share of this.#slots) share.leave(nowMs);
  }

  /** As OpenAI states them: of the limits of requests and of tokens that have the least left. */
  headers(): Record<string, string> {
    const nowMs = this.#clock();
    const states: RateState[] = [];
    for (const { share, measure, counts } of this.#windows) {
      if (!counts) continue;
      const isOfTokens = measure !== 'requests';
      const [left, resetMs] = [share.left(nowMs), share.msToNext(nowMs)];
      states.push({ isOfTokens, limit: share.limit.limit, left, resetMs });
    }
    return rateHeaders(states);
  }

  #return({ share, startMs, counts }: WindowPart, unused: number): void {
    if (counts && unused !== 0) this.#shares.correct(share, startMs, unused);
  }
}

export type RateState = { isOfTokens: boolean; limit: number; left: number; resetMs: number };

export function rateHeaders(states: readonly RateState[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { isOfTokens, limit, remaining, reset } of UNITS) {
    let least: RateState | undefined;
    for (const state of states) {
      if (state.isOfTokens !== isOfTokens) continue;
      if (least === undefined || state.left < least.left) least = state;
    }
    if (least === undefined) continue;
    headers[limit] = String(least.limit);
    headers[remaining] = String(Math.max(0, least.left));
    headers[reset] = `${Math.ceil(least.resetMs) / 1_000}s`;
  }
  return headers;
}

/** Written out: a name that is made for each call is a new text, which must be looked up again. */
const UNITS = [
  {
    isOfTokens: false,
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
  },
  {
    isOfTokens: true,
    limit: 'x-ratelimit-limit-tokens',
    remaining: 'x-ratelimit-remaining-tokens',
    reset: 'x-ratelimit-reset-tokens',
  },
] as const;

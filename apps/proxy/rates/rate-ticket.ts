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
  addHeaders(fields: unknown[]): void {
    const nowMs = this.#clock();
    let ofRequests: WindowShare | undefined;
    let ofTokens: WindowShare | undefined;
    for (const { share, measure, counts } of this.#windows) {
      if (!counts) continue;
      if (measure === 'requests') ofRequests = tighter(ofRequests, share, nowMs);
      else ofTokens = tighter(ofTokens, share, nowMs);
    }
    if (ofRequests !== undefined) addStated(fields, NAMES.requests, ofRequests, nowMs);
    if (ofTokens !== undefined) addStated(fields, NAMES.tokens, ofTokens, nowMs);
  }

  #return({ share, startMs, counts }: WindowPart, unused: number): void {
    if (counts && unused !== 0) this.#shares.correct(share, startMs, unused);
  }
}

export type RateState = { isOfTokens: boolean; limit: number; left: number; resetMs: number };

/** The same of one limit, for a refusal. */
export function rateHeaders({
  isOfTokens,
  limit,
  left,
  resetMs,
}: RateState): Record<string, string> {
  const names = isOfTokens ? NAMES.tokens : NAMES.requests;
  return {
    [names.limit]: String(limit),
    [names.remaining]: remainingText(left),
    [names.reset]: resetText(resetMs),
  };
}

function tighter(known: WindowShare | undefined, share: WindowShare, nowMs: number): WindowShare {
  return known === undefined || share.left(nowMs) < known.left(nowMs) ? share : known;
}

function addStated(
  fields: unknown[],
  names: (typeof NAMES)[keyof typeof NAMES],
  share: WindowShare,
  nowMs: number,
): void {
  fields.push(names.limit, String(share.limit.limit));
  fields.push(names.remaining, remainingText(share.left(nowMs)));
  fields.push(names.reset, resetText(share.msToNext(nowMs)));
}

function remainingText(left: number): string {
  return String(Math.max(0, left));
}

let last = { ms: 0, text: '0s' };

/** Many answers leave in one millisecond. */
function resetText(resetMs: number): string {
  const ms = Math.ceil(resetMs);
  if (ms !== last.ms) last = { ms, text: `${ms / 1_000}s` };
  return last.text;
}

/** Written out: a name that is made for each call is a new text, which must be looked up again. */
const NAMES = {
  requests: {
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
  },
  tokens: {
    limit: 'x-ratelimit-limit-tokens',
    remaining: 'x-ratelimit-remaining-tokens',
    reset: 'x-ratelimit-reset-tokens',
  },
} as const;

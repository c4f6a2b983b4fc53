/** Why an attempt of a routed call brought no answer, and what may follow (docs/design.md, Route). */
import type { AttemptEnding } from './next-step.ts';
import type { FailureClass } from './route.ts';

/** Of a request that a provider refuses for what it is, as far as the dialect can tell. */
export type RefusedFor = 'context_window' | 'content_policy';

export type EndedAttempt = {
  ending: AttemptEnding;
  httpStatus: number | null;
  /** An error, or nothing, was answered with a status of success. */
  hasFault: boolean;
  refusedFor: RefusedFor | null;
};

const OVERLOADED: ReadonlySet<number> = new Set([503, 529]);

/** @returns null: the client has its answer, or its request is at fault wherever it goes */
export function failureOf(ended: EndedAttempt): FailureClass | null {
  const { ending, httpStatus, hasFault, refusedFor } = ended;
  switch (ending) {
    case 'unsent':
      return 'unreachable';
    case 'closed':
    case 'broken':
    case 'timeout':
      return ending;
    case 'unauthorized':
    case 'redirected':
      // Either way it is what this gateway knows of the provider that is wrong.
      return 'unauthorized';
    case 'flagged':
      return 'content_policy';
    case 'answered':
      return httpStatus === null ? null : failureOfStatus(httpStatus, hasFault, refusedFor);
    default:
      return ending satisfies never;
  }
}

function failureOfStatus(
  status: number,
  hasFault: boolean,
  refusedFor: RefusedFor | null,
): FailureClass | null {
  if (status < 300) return hasFault ? 'server_error' : null;
  if (refusedFor !== null) return refusedFor;
  if (status === 429) return 'rate_limited';
  if (OVERLOADED.has(status)) return 'overloaded';
  if (status >= 500) return 'server_error';
  if (status === 404) return 'model_unavailable';
  return status === 408 ? 'timeout' : null;
}

/** After these, the same deployment may do better a moment later. */
const PASSING: ReadonlySet<Tried['last']> = new Set([
  ...(['unreachable', 'closed', 'broken', 'rate_limited', 'overloaded', 'server_error'] as const),
]);

/** A candidate of one call, in the order in which they are tried. */
export type Tried = {
  /** What its last attempt came to; null: it had none. `fell_short`: it has answered. */
  last: FailureClass | 'fell_short' | null;
  /** Its provider says that it serves again at this time, ms of the clock of `nowMs`; 0: it does not say. */
  readyAtMs: number;
};

export type NextAttemptTerms = {
  fallbackOn: readonly FailureClass[];
  /** Attempts that are left once each candidate had one. */
  retriesLeft: number;
  /** Of the whole call. */
  deadlineMs: number;
  /** The first wait of a retry is up to so long, the next up to twice as long. */
  backoffMs: number;
  /** The longest wait: beyond it the client does better to hear of the failure. */
  waitMsMax: number;
};

/**
 * What follows an attempt that failed before a byte of it was relayed. A candidate that had no attempt is
 * tried at once; only then one is tried again, after a wait that its provider or chance says.
 *
 * @param retries those made so far
 * @param random at least 0, below 1
 * @returns null: the call ends as that attempt did
 */
export function nextAttempt(
  failure: FailureClass,
  tried: readonly Tried[],
  terms: NextAttemptTerms,
  retries: number,
  nowMs: number,
  random: number,
): { index: number; waitMs: number } | null {
  const { fallbackOn, retriesLeft, deadlineMs, backoffMs, waitMsMax } = terms;
  // seam: only-listed-failures-are-gone-around
  if (!fallbackOn.includes(failure) || nowMs >= deadlineMs) return null;
  const untried = tried.findIndex(({ last }) => last === null);
  if (untried !== -1) return { index: untried, waitMs: 0 };
  if (retriesLeft <= 0) return null;
  let index = -1;
  for (const [at, { last, readyAtMs }] of tried.entries()) {
    if (last === null || !PASSING.has(last)) continue;
    if (index === -1 || readyAtMs < (tried[index] as Tried).readyAtMs) index = at;
  }
  if (index === -1) return null;
  const backoff = Math.min(backoffMs * 2 ** retries, waitMsMax) * random;
  // seam: retry-waits-for-its-provider
  const waitMs = Math.max(backoff, (tried[index] as Tried).readyAtMs - nowMs);
  return waitMs > waitMsMax || nowMs + waitMs >= deadlineMs ? null : { index, waitMs };
}

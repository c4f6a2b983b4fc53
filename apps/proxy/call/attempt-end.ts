/** What an attempt came to, in the words of its event and of the call that it was made for. */
import type { UpstreamFailure, UpstreamHeaders } from '@tollgate/adapters/provider/upstream.ts';
import { failureOf } from '@tollgate/domain/routing/failure.ts';
import type { AttemptEnding } from '@tollgate/domain/routing/next-step.ts';
import type { FailureClass, Shortfall } from '@tollgate/domain/routing/route.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import type { UsageStatus } from '@tollgate/domain/usage/usage-event.ts';
import type { Answer, AnswerFault } from '../dialects/dialect.ts';
import type { ErrorCode, Refusal } from '../errors.ts';
import type { DrainBound } from './drain.ts';
import { gatewayFault } from './gateway-fault.ts';

/** What an attempt came to. Its record is durable, unless the journal has failed. */
export type AttemptEnd =
  | {
      ending: AttemptEnding;
      /** As on the usage event. */
      outcome: AttemptOutcome;
      /** From the arrival of the call to the dispatch, microseconds. */
      overheadUs: number;
      /** Bytes of the answer that waited for the record. */
      last: readonly Buffer[];
      /** A guardrail keeps the answer from the client, who is told this; null: none does. */
      blocked: Refusal | null;
      /** What of it is not good, of an attempt that another candidate may follow; else null. */
      short: Shortfall | null;
      /** What was read of it; undefined: nothing was answered to the client's request. */
      answer: Answer | undefined;
    }
  | { ending: 'unrecorded'; error: Error };

export type Recorded = Exclude<AttemptEnd, { ending: 'unrecorded' }>;

/** Why it brought no answer to the client's request, in the words of routes; null: it did. */
export function routedFailure({ ending, outcome, answer }: Recorded): FailureClass | null {
  const { http_status: httpStatus, status } = outcome;
  const isError = ending === 'answered' && httpStatus !== null && httpStatus >= 400;
  const hasFault = ending === 'answered' && status === 'upstream_error';
  const refusedFor = isError ? (answer?.refusedFor() ?? null) : null;
  return failureOf({ ending, httpStatus, hasFault, refusedFor });
}

/** What the attempt is made for: a call. `onEnd` comes once, last. */
export type AttemptListener = {
  /**
   * A window in which the attempt counts ended while it was recorded: it counts again, now.
   *
   * @returns null: it may be sent; or the code of why not: it ends unsent
   */
  onLate(): Promise<string | null>;
  /** The head of an answer. @param waits it must not leave before the end, which has its cost */
  onHead(status: number, headers: UpstreamHeaders, waits: boolean): void;
  onBytes(bytes: Buffer): void;
  onEnd(end: AttemptEnd): void;
};

export function roundMs(ms: number): number {
  return Math.max(0, Math.round(ms * 1000) / 1000);
}

/** Why an attempt ended as it did, as a code; null: it ended well, or its usage says why. */
export function errorTypeOf(
  httpStatus: number | null,
  failure: UpstreamFailure | null,
  fault: AnswerFault | null,
  gaveUpAt: DrainBound | null,
): string | null {
  const refusal = gatewayFault(httpStatus);
  if (refusal !== null) return `upstream_${refusal}`;
  if (fault !== null) return `upstream_answered_${fault}`;
  if (failure === null) return null;
  return gaveUpAt === null ? `upstream_${failure.kind}` : `drain_bound.${gaveUpAt}`;
}

export function endingOf(status: UsageStatus, failure: UpstreamFailure | null): AttemptEnding {
  if (failure === null) return 'answered';
  if (status === 'timeout') return 'timeout';
  if (failure.unsent) return 'unsent';
  return failure.kind === 'closed' ? 'closed' : 'broken';
}

/** What a client is told of an attempt that brought no answer. */
export const FAILURES: Readonly<Record<Exclude<AttemptEnding, 'answered'>, ErrorCode>> = {
  unsent: 'upstream_unreachable',
  broken: 'upstream_failed',
  closed: 'upstream_closed',
  timeout: 'upstream_timeout',
  unauthorized: 'provider_auth_failed',
  redirected: 'upstream_redirected',
  flagged: 'content_refused',
};

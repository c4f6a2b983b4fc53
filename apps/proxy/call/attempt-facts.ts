/** What is fixed about an attempt before it starts. */

import type { Shortfall } from '@tollgate/domain/routing/route.ts';
import type { AttemptStart } from '@tollgate/domain/usage/event/attempt-event.ts';
import type { BudgetHold } from '../budget/budget-book.ts';
import type { CacheRecording } from '../cache/cache-recording.ts';
import type { Answer, CallRequest, ImposedLimit } from '../dialects/dialect.ts';
import type { CallGuard } from '../guardrails/call-guard.ts';
import type { Recording } from '../idempotency/recording.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { RateTicket } from '../rates/rate-ticket.ts';
import type { Deployment } from '../routing/deployments.ts';
import type { KeyUse } from '../routing/key-ring.ts';
import type { RoutedBy } from '../routing/router.ts';
import type { AttemptTrace } from '../tracing/call-trace.ts';

export type AttemptFacts = Omit<
  AttemptStart,
  'key' | 'request' | 'deployment' | 'holds' | 'imposedLimit' | 'guard'
> & {
  key: KeyView;
  request: CallRequest;
  deployment: Deployment;
  holds: readonly BudgetHold[];
  /** Sent with the request, because it states none and a limit needs one. */
  imposedLimit: ImposedLimit | null;
  /** What it took of rate limits; null: there are none on its path. */
  rates: RateTicket | null;
  /** Which of several keys it was sent with; undefined: its provider has one, or it was not sent. */
  providerKey?: KeyUse | undefined;
  /** Undefined: nothing is traced. */
  trace?: AttemptTrace | undefined;
  /** null: no guardrail applies. */
  guard: CallGuard | null;
  /** Of its call. */
  routed?: RoutedBy | undefined;
  /** What it got, once it has ended; undefined: nothing. */
  answer?: Answer | undefined;
  /** Its answer is judged, and the next candidate asked if it is not good; undefined: there is none. */
  cascade?: { judge(answer: Answer, limit: ImposedLimit | null): Shortfall | null } | undefined;
  /** Of its call; null or undefined: none is made. */
  recording?: Recording | null;
  /** Of its call; undefined: its answer is not stored. */
  cached?: CacheRecording | undefined;
};

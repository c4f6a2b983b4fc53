/** What a call is given: the parts of the proxy that its path touches. */
import type { OwnUsage } from '@tollgate/adapters/billing-api/own-usage.ts';
import type { Journal } from '@tollgate/adapters/journal/journal.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { UpstreamFailure } from '@tollgate/adapters/provider/upstream.ts';
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import type { TokenCounter } from '@tollgate/adapters/tokenizer/token-counter.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import type { AccessLog } from '../access-log/access-log.ts';
import type { BodyReaders } from '../body/body-readers.ts';
import type { BudgetBook } from '../budget/budget-book.ts';
import type { InputCounters } from '../counting/input-counters.ts';
import type { Guardrails } from '../guardrails/guardrails.ts';
import type { IdempotentCalls } from '../idempotency/idempotent-calls.ts';
import type { LedgerFreshness } from '../ledger-view/freshness.ts';
import type { LedgerView } from '../ledger-view/ledger-view.ts';
import type { ProxyLimits } from '../limits.ts';
import type { PayloadLog } from '../payloads/payload-log.ts';
import type { RateBook } from '../rates/rate-book.ts';
import type { Deployments } from '../routing/deployments.ts';
import type { Plan, Router } from '../routing/router.ts';
import type { BackgroundPoller } from '../stored/background-poller.ts';
import type { OwnedObjects } from '../stored/owned-objects.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { AttemptFacts } from './attempt-facts.ts';
import type { Deadlines } from './deadlines.ts';
import type { Settlement } from './settle.ts';
import type { TurnBudget } from './turn-budget.ts';

export type CallDeps = {
  instanceId: string;
  limits: ProxyLimits;
  directory: LedgerView;
  follower: LedgerFreshness;
  secrets: Secrets;
  deployments: Deployments;
  /** Undefined: there are no routes. */
  router?: Router | undefined;
  budgets: BudgetBook;
  rates: RateBook;
  /** Of calls that a budget is about to refuse. */
  counters: InputCounters;
  /** Of large requests. */
  bodies: BodyReaders;
  /** Undefined: clients' keys are not remembered. */
  idempotency?: IdempotentCalls | undefined;
  /** Whose the objects are that providers keep. Undefined: nobody knows, so nothing that is stored is served. */
  owned?: OwnedObjects | undefined;
  /** Of responses that go on without their calls. Undefined: none are served. */
  background?: Pick<BackgroundPoller, 'look'> | undefined;
  /** Undefined: this installation has none. */
  guardrails?: Guardrails | undefined;
  journal: Journal;
  /** Of running attempts. */
  deadlines: Deadlines;
  /** Of answers that may have ended before their connections. */
  lingers: Deadlines;
  /** For estimates. */
  tokens: TokenCounter;
  /** What answers may take of a turn of the event loop. */
  turns: TurnBudget;
  /** Of answers that are read on without a client. */
  drains: Deadlines;
  /** 48-bit milliseconds and randomness of a new attempt or call id. */
  newUuid: (timeMs: number) => string;
  /** After the record is durable: metrics, the log of failures, and overruns to the ledger. */
  onSettled: (
    facts: AttemptFacts,
    outcome: AttemptOutcome,
    settlement: Settlement,
    failure: UpstreamFailure | null,
  ) => void;
  /** Of a call that a route leads, before anything is held. */
  onRouted: (plan: Plan) => void;
  onRefused: (code: string) => void;
  /** Of a call whose answer has begun: a defect of ours. */
  onDefect: (error: unknown) => void;
  /** For what is told of budgets to those who ask; calls draw from their book. */
  ledger: Pick<Ledger, 'read'>;
  /** What a key has used; undefined: nobody here knows. */
  ownUsage?: OwnUsage | undefined;
  onMeFailed: (error: unknown) => void;
  /** Undefined: none is written. */
  accessLog?: AccessLog | undefined;
  /** Undefined: nothing is traced. */
  tracing?: Tracing | undefined;
  /** Undefined: no payloads are kept. */
  payloads?: PayloadLog | undefined;
  /** The journal cannot be written: the process must end. */
  onJournalFailure: (error: Error) => void;
};

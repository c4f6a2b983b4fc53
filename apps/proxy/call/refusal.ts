/** Saying no to a call: what the client gets, and the event that a refusal of a known key is. */
import { PAGE_HEADERS } from '@tollgate/adapters/http/manners.ts';
import { hasOthers } from '@tollgate/domain/budget/definition.ts';
import type { HoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { eventText } from '@tollgate/domain/usage/event/event-text.ts';
import { refusalEvent } from '@tollgate/domain/usage/event/refusal-event.ts';
import type { FastifyReply } from 'fastify';
import { answerAndClose, hasBodyToCome } from '../body/answer-and-close.ts';
import type { HoldOutcome } from '../budget/budget-book.ts';
import type { WindowAccount } from '../budget/window-account.ts';
import type { CacheRecording } from '../cache/cache-recording.ts';
import type { CallRequest, CallTarget, Dialect, Endpoint } from '../dialects/dialect.ts';
import { errorCatalogue, errorHeaders, type Refusal } from '../errors.ts';
import type { CallGuard } from '../guardrails/call-guard.ts';
import type { Recording } from '../idempotency/recording.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { CallPayload } from '../payloads/payload-log.ts';
import type { RoutedBy } from '../routing/router.ts';
import type { CallTrace } from '../tracing/call-trace.ts';
import type { CallDeps } from './call-deps.ts';
import { budgetRemedy } from './remedy.ts';

/** What is known of a call of an authenticated key. */
export type CallFacts = {
  endpoint: Endpoint;
  /** What its path says of it. Undefined: nothing. */
  target?: CallTarget | undefined;
  key: KeyView;
  callId: string;
  nowMs: number;
  /** performance.now() when the request had arrived. */
  arrivedAtMs: number;
  /** Of its body, unpacked; 0 if it is refused before that was taken in. */
  requestBytes: number;
  /** null: it could not be read, or was not yet. */
  request: CallRequest | null;
  /** Undefined: nothing is traced. */
  trace?: CallTrace | undefined;
  /** The provider that has stored what it names. Undefined: it names nothing. */
  storedAt?: string | undefined;
  /** null: no guardrail applies to the calls of this key. */
  guard: CallGuard | null;
  /** null: it states no key under which it may come again. */
  recording: Recording | null;
  /** Undefined: what it says is not kept. */
  payload?: CallPayload | undefined;
  /** Of a call that a route leads, where its complexity was worked out. */
  routed?: RoutedBy | undefined;
  /** Of a call that was looked for in the cache of answers, and is sent. */
  cached?: CacheRecording | undefined;
};

/** Refusals of an authenticated key are events too; they do not wait for durability (I9). */
export function refuseCall(
  deps: CallDeps,
  reply: FastifyReply,
  refusal: Refusal,
  facts: CallFacts,
): void {
  const { endpoint, key, callId, request, nowMs } = facts;
  const event = refusalEvent({
    eventId: deps.newUuid(nowMs),
    callId,
    instanceId: deps.instanceId,
    key,
    endpoint: endpoint.name,
    request,
    code: refusal.code,
    limit: refusal.refusedBy,
    atMs: nowMs,
  });
  deps.journal.submit(
    { op: 'recorded', partition: key.partition, event: eventText(event) },
    (error) => {
      if (error !== undefined) deps.onJournalFailure(error);
    },
  );
  deps.onRefused(refusal.code);
  const responseBytes = sendRefusal(deps, reply, endpoint.errorBody, refusal, callId);
  const { accessLog, instanceId } = deps;
  if (accessLog === undefined && facts.trace === undefined) return;
  const end = {
    deployment: null,
    outcome: null,
    refusal: refusal.code,
    httpStatus: errorCatalogue[refusal.code].status,
    attempts: 0,
    responseBytes,
  };
  accessLog?.add(facts, instanceId, end);
  facts.trace?.ended(facts, end);
}

/**
 * Answers, and closes the connection if the request has more to say than anybody will read.
 *
 * @returns bytes of the answer's body
 */
export function sendRefusal(
  deps: Pick<CallDeps, 'limits'>,
  reply: FastifyReply,
  errorBody: Dialect['errorBody'],
  refusal: Refusal,
  callId?: string,
): number {
  const headers = errorHeaders(refusal);
  if (callId !== undefined) headers['x-tollgate-call-id'] = callId;
  const { status } = errorCatalogue[refusal.code];
  const body = errorBody(refusal);
  if (hasBodyToCome(reply.request.raw)) {
    reply.hijack();
    const answer = { status, headers: { ...PAGE_HEADERS, ...headers }, body };
    answerAndClose(reply.request.raw, reply.raw, answer, deps.limits);
  } else void reply.code(status).headers(headers).send(body);
  return Buffer.byteLength(body);
}

/** @param fitting what the call may write and be paid for; null: nothing is known to fit */
export function holdRefusal(
  outcome: Exclude<HoldOutcome, { kind: 'held' }>,
  fitting: (left: bigint, unit: HoldUnit) => number | null,
): Refusal {
  if (outcome.kind === 'unavailable') return { code: 'budget_unavailable' };
  return { code: 'budget_exceeded', ...limitThatWasHit(outcome, fitting) };
}

/**
 * Which limit was hit, when it resets, and what to do (docs/design.md, Refusals). I10: what all
 * customers spend together, and what of, is on the event alone.
 */
function limitThatWasHit(
  { account, unit: counted, amount }: { account: WindowAccount; unit: HoldUnit; amount: bigint },
  fitting: (left: bigint, unit: HoldUnit) => number | null,
): Pick<Refusal, 'message' | 'limit' | 'remedy' | 'refusedBy'> {
  const { definition, bounds } = account;
  const { unit, window } = definition;
  const scope = definition.per ?? definition.scope.type;
  const limit = account.left.formatted();
  const told = hasOthers(definition) ? NOT_TOLD : limit;
  const resetsAt = Number.isFinite(bounds.endMs) ? new Date(bounds.endMs).toISOString() : null;
  const until = resetsAt === null ? 'Ask your operator to raise it.' : `It resets at ${resetsAt}.`;
  const needed = formatDecimal12(amount);
  const tokens = fitting(account.left.remaining(), counted);
  const advice =
    tokens === null
      ? 'A smaller output limit would not help.'
      : `An output limit of ${tokens} tokens would fit.`;
  return {
    message: `The ${window} budget of this ${scope.replace('_', ' ')} cannot pay for this call at its worst case, ${needed} ${unit}${usedOf(told, unit)}. ${until} ${advice}`,
    limit: { scope, unit, window, ...told, resets_at: resetsAt, needed },
    remedy: budgetRemedy(tokens, amount > account.limit, resetsAt),
    refusedBy: {
      kind: 'budget',
      ...{ budget_id: definition.budget_id, window: account.stream },
      ...{ revision: account.seenRevision, unit: counted.text, ...limit, needed },
      ...(tokens === null ? {} : { fits: String(tokens) }),
    },
  };
}

const NOT_TOLD = { limit: null, spent: null };

function usedOf({ limit, spent }: { limit: string | null; spent: string | null }, unit: string) {
  return limit === null ? '' : `: ${spent} ${unit} of ${limit} are spent or reserved`;
}

export const NO_CONNECTION: Refusal = {
  code: 'overloaded',
  message: 'All connections to the model provider are taken. Try again shortly.',
};

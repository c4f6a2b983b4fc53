/**
 * An answer from the cache: what it costs, its event, and its bytes (docs/design.md, Cache). I9: the
 * event is durable before the first byte leaves. I3: what it costs is held and charged like an attempt.
 */
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import { ANSWER_HEADERS } from '@tollgate/adapters/http/manners.ts';
import { chargeOf } from '@tollgate/domain/budget/amounts.ts';
import { ageS } from '@tollgate/domain/cache/freshness.ts';
import { hitCost } from '@tollgate/domain/cache/hit-cost.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { costOf } from '@tollgate/domain/pricing/cost.ts';
import { cacheHitEvent } from '@tollgate/domain/usage/event/cache-hit-event.ts';
import { eventText } from '@tollgate/domain/usage/event/event-text.ts';
import { noQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import type { BudgetHold, HoldRequest } from '../budget/budget-book.ts';
import { budgetsOfModel } from '../budget/path-budget.ts';
import type { CallDeps } from '../call/call-deps.ts';
import { endWhole } from '../call/end-whole.ts';
import { headerText } from '../call/headers.ts';
import { holdRefusal, refuseCall } from '../call/refusal.ts';
import type { Replay } from '../dialects/dialect.ts';
import type { Deployment } from '../routing/deployments.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { RoutedCall } from './routed-call.ts';

export type Hit = {
  entry: CacheEntry;
  deployment: Deployment;
  /** Pico-dollars. */
  cost: bigint;
  /** null: there is no price. */
  saved: bigint | null;
};

/** At the price in force now (I7). Without one, it costs nothing, and nobody knows what it saved (I8). */
export function pricedHit(entry: CacheEntry, deployment: Deployment, percent: number): Hit {
  const { price } = deployment;
  // seam: hit-is-priced-as-of-now
  const full = price === null ? null : costOf(price.price, entry.used);
  if (full === null) return { entry, deployment, cost: 0n, saved: null };
  return { entry, deployment, ...hitCost(full, percent) };
}

export async function answerFromCache(calls: CallDeps, call: RoutedCall, hit: Hit): Promise<void> {
  const { facts, reply, place } = call;
  // Before anything is taken: what a defect of it throws would leave that taken for good.
  const replay = facts.request.replay(hit.entry.body);
  const requests = holdsOf(calls, call, hit);
  const held =
    requests.length === 0
      ? { kind: 'held' as const, holds: [] }
      : await calls.budgets.hold(requests, facts.nowMs);
  if (held.kind !== 'held') {
    place.leave();
    return refuseCall(
      calls,
      reply,
      holdRefusal(held, () => null),
      facts,
    );
  }
  if (reply.raw.destroyed) {
    calls.budgets.cancel(held.holds);
    return leaveUnanswered(calls, call);
  }
  place.ofCall = true;
  reply.hijack();
  const event = eventOf(calls, call, hit, held.holds);
  // seam: hit-is-durable-first
  record(calls, call, event, held.holds, (error) => {
    if (error !== undefined) {
      place.leave();
      calls.onJournalFailure(error);
      return void reply.raw.destroy();
    }
    for (const { account, parts } of held.holds) account.release(parts, chargesOf(parts));
    send(calls, call, hit, event, replay);
    log(calls, call, hit, event, replay);
  });
}

/** What a hit costs is known: it is held as it is charged. It has no tokens, and asks nobody. */
function holdsOf({ directory }: CallDeps, call: RoutedCall, hit: Hit): HoldRequest[] {
  if (hit.cost === 0n) return [];
  const { key, request } = call.facts;
  const used = { cost: hit.cost, quantities: noQuantities() };
  return budgetsOfModel(directory.budgetsOf(key), request.model, hit.deployment).flatMap(
    ({ definition, unit }) => {
      const amount = chargeOf(unit, used) ?? 0n;
      if (amount === 0n) return [];
      const endUser = definition.per === null ? null : endUserDigest(request.endUser);
      return [{ definition, unit, amount, endUser }];
    },
  );
}

function eventOf(
  { newUuid, instanceId }: CallDeps,
  { facts }: RoutedCall,
  { entry, deployment, cost, saved }: Hit,
  holds: readonly BudgetHold[],
): UsageEvent {
  const { callId, key, endpoint, request, guard, nowMs, arrivedAtMs } = facts;
  return cacheHitEvent({
    eventId: newUuid(nowMs),
    ...{ callId, instanceId, key, request, guard, deployment, holds, cost, saved },
    endpoint: endpoint.name,
    modelServed: entry.modelServed,
    similarity: entry.similarity,
    used: entry.used,
    overheadUs: Math.max(0, Math.round((performance.now() - arrivedAtMs) * 1000)),
    atMs: nowMs,
    recordedAt: new Date().toISOString(),
  });
}

/** A record that charges leases is one write: no crash leaves a start behind that nothing answered. */
function record(
  { journal }: CallDeps,
  { facts }: RoutedCall,
  event: UsageEvent,
  holds: readonly BudgetHold[],
  done: (error?: Error) => void,
): void {
  const { partition } = facts.key;
  const text = eventText(event);
  if (holds.length === 0) return journal.submit({ op: 'recorded', partition, event: text }, done);
  const charges = holds.flatMap(({ parts }) =>
    parts.map(({ lease, amount }) => ({ leaseId: lease.leaseId, amount })),
  );
  journal.submit({ op: 'charged', attemptId: event.id, partition, event: text, charges }, done);
}

const chargesOf = (parts: BudgetHold['parts']) => parts.map(({ amount }) => amount);

function send(
  { limits }: CallDeps,
  { facts, reply, place }: RoutedCall,
  hit: Hit,
  event: UsageEvent,
  replay: Replay,
): void {
  const response = reply.raw;
  if (response.destroyed) return place.leave();
  const { entry, deployment, saved } = hit;
  const { contentType, body } = replay;
  // seam: hit-is-in-the-payload-log
  facts.payload?.take(body);
  response.writeHead(200, {
    ...ANSWER_HEADERS,
    'content-type': contentType,
    'content-length': body.length,
    age: String(ageS(entry, facts.nowMs)),
    'x-tollgate-call-id': facts.callId,
    'x-tollgate-provider': deployment.provider.name,
    'x-tollgate-model': headerText(deployment.model),
    'x-tollgate-attempts': '0',
    ...(entry.similarity === undefined
      ? { 'x-tollgate-cache': 'hit' }
      : {
          'x-tollgate-cache': 'semantic',
          'x-tollgate-cache-similarity': String(event.cache_similarity),
        }),
    'x-tollgate-cost': event.cost ?? '',
    ...(saved === null ? {} : { 'x-tollgate-saved': formatDecimal12(saved) }),
    'x-tollgate-overhead-us': String(event.overhead_us),
  });
  endWhole(response, body, limits.clientStallTimeoutMs, () => place.leave());
}

function log(
  { accessLog, instanceId }: CallDeps,
  { facts, reply }: RoutedCall,
  { deployment }: Hit,
  event: UsageEvent,
  { body }: Replay,
): void {
  const { headersSent, statusCode } = reply.raw;
  facts.payload?.ended(facts, headersSent ? statusCode : null);
  const ended = {
    ...{ deployment, outcome: event, refusal: null, attempts: 0, responseBytes: body.length },
    httpStatus: headersSent ? statusCode : null,
  };
  accessLog?.add(facts, instanceId, ended);
  facts.trace?.ended(facts, ended);
}

/** Its client has left before there was anything to answer: nothing was sent or recorded. */
export function leaveUnanswered({ accessLog, instanceId }: CallDeps, call: RoutedCall): void {
  const { facts, place } = call;
  place.leave();
  const ended = {
    ...{ deployment: null, outcome: null, refusal: null, httpStatus: null },
    ...{ attempts: 0, responseBytes: 0 },
  };
  accessLog?.add(facts, instanceId, ended);
  facts.trace?.ended(facts, ended);
}

/**
 * The path of one call up to its attempt (design §7.1–§7.5): each step either goes on or refuses.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WindowAccount } from '../budget/window-account.ts';
import type { KeyView } from '../directory/directory.ts';
import { errorCatalogue, errorHeaders, openAiErrorBody, type Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';
import { Attempt } from './attempt.ts';
import { refusalEvent } from './attempt-event.ts';
import type { CallDeps } from './call-deps.ts';
import { holdRequests } from './charge.ts';
import { type CallRequest, type Endpoint, readRequest } from './request.ts';

export class CallHandler {
  readonly #deps: CallDeps;
  #inFlight = 0;
  #draining = false;
  #idle: (() => void) | undefined;

  constructor(deps: CallDeps) {
    this.#deps = deps;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** New calls get 503; resolves when no call runs any more. */
  drain(): Promise<void> {
    this.#draining = true;
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Whether a call may be admitted at all, before anything of it is read; a promise only if stale. */
  admit(): Refusal | null | Promise<Refusal | null> {
    const { follower, journal, limits } = this.#deps;
    if (this.#draining) return { code: 'draining' };
    if (this.#inFlight >= limits.callsInFlightMax) return { code: 'overloaded' };
    if (journal.outboxRecords() >= limits.outboxRecordsMax) return { code: 'journal_full' };
    if (journal.queuedWrites() >= limits.journalWritesMax) return { code: 'journal_full' };
    if (follower.isFresh()) return null;
    return follower.catchUp().then((caught) => (caught ? null : { code: 'ledger_unavailable' }));
  }

  /** Takes a call of an authenticated key. Ends the reply itself, now or later. */
  async handle(
    endpoint: Endpoint,
    key: KeyView,
    request: FastifyRequest,
    reply: FastifyReply,
    arrivedAtMs: number,
  ): Promise<void> {
    const nowMs = Date.now();
    const callId = this.#deps.newUuid(nowMs);
    const facts: CallFacts = { endpoint, key, callId, nowMs, request: null };
    const read = readRequest(endpoint, request.body as Buffer, this.#deps.limits.requestDepthMax);
    if (!read.ok) return this.#refuse(reply, read.refusal, facts);
    facts.request = read.request;
    const deployment = this.#deps.deployments.find(read.request.model, nowMs);
    if ('code' in deployment) return this.#refuse(reply, deployment, facts);
    await this.#attempt(facts, read.request, deployment, reply, arrivedAtMs);
  }

  async #attempt(
    facts: CallFacts,
    request: CallRequest,
    deployment: Deployment,
    reply: FastifyReply,
    arrivedAtMs: number,
  ): Promise<void> {
    const deps = this.#deps;
    const { key, callId, nowMs } = facts;
    const wanted = holdRequests(deps.directory.budgetsOf(key), request, deployment);
    if ('code' in wanted) return this.#refuse(reply, wanted, facts);
    this.#inFlight++;
    const held = await deps.budgets.hold(wanted, nowMs);
    if (held.kind !== 'held') {
      this.#leave();
      const refusal: Refusal =
        held.kind === 'exceeded'
          ? { code: 'budget_exceeded', ...budgetRefusal(held.account) }
          : { code: 'budget_unavailable' };
      return this.#refuse(reply, refusal, facts);
    }
    if (reply.raw.destroyed) {
      // The client left while the call waited for its budget: nothing was sent or recorded.
      deps.budgets.cancel(held.holds);
      return this.#leave();
    }
    reply.hijack();
    new Attempt({
      deps,
      facts: {
        attemptId: deps.newUuid(nowMs),
        callId,
        attempt: 1,
        instanceId: deps.instanceId,
        key,
        request,
        deployment,
        holds: held.holds,
        startedAtMs: nowMs,
      },
      response: reply.raw,
      arrivedAtMs,
      onDone: () => this.#leave(),
    }).start();
  }

  /** Every call that was counted in leaves once, however it ends. */
  #leave(): void {
    this.#inFlight--;
    if (this.#inFlight === 0) this.#idle?.();
  }

  /** Refusals of an authenticated key are events too; they do not wait for durability (I9). */
  #refuse(reply: FastifyReply, refusal: Refusal, facts: CallFacts): void {
    const { journal, newUuid, instanceId, onRefused, onJournalFailure } = this.#deps;
    const event = refusalEvent({
      eventId: newUuid(facts.nowMs),
      callId: facts.callId,
      instanceId,
      key: facts.key,
      endpoint: facts.endpoint,
      model: facts.request?.model ?? null,
      stream: facts.request?.stream ?? false,
      endUser: facts.request?.endUser ?? null,
      code: refusal.code,
      atMs: facts.nowMs,
    });
    journal.submit(
      { op: 'recorded', partition: facts.key.partition, event: JSON.stringify(event) },
      (error) => {
        if (error !== undefined) onJournalFailure(error);
      },
    );
    onRefused(refusal.code);
    sendRefusal(reply, refusal, facts.callId);
  }
}

type CallFacts = {
  endpoint: Endpoint;
  key: KeyView;
  callId: string;
  nowMs: number;
  request: CallRequest | null;
};

export function sendRefusal(reply: FastifyReply, refusal: Refusal, callId?: string): void {
  const headers = errorHeaders(refusal);
  if (callId !== undefined) headers['x-tollgate-call-id'] = callId;
  void reply
    .code(errorCatalogue[refusal.code].status)
    .headers(headers)
    .send(openAiErrorBody(refusal));
}

/** Which limit was hit, when it resets, and what to do (design §7). */
function budgetRefusal(account: WindowAccount): Pick<Refusal, 'message' | 'limit'> {
  const { definition, bounds } = account;
  const { scope, unit, window } = definition;
  const limit = account.formatted();
  const resetsAt = Number.isFinite(bounds.endMs) ? new Date(bounds.endMs).toISOString() : null;
  const until = resetsAt === null ? 'Ask your operator to raise it.' : `It resets at ${resetsAt}.`;
  return {
    message: `The ${window} budget of this ${scope.type} cannot pay for this call at its worst case: ${limit.spent} ${unit} of ${limit.limit} are spent or reserved. ${until} A smaller output limit may fit.`,
    limit: { scope: scope.type, unit, window, ...limit, resets_at: resetsAt },
  };
}

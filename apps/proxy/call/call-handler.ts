/**
 * The gate of a call (docs/design.md, Authenticate, Route): whether it is admitted, what it asks
 * for, and where it may go. Each step either goes on or refuses.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallRequest, Endpoint, IncomingCall } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { Call, type CallCount } from './call.ts';
import type { CallDeps } from './call-deps.ts';
import { type CallFacts, refuseCall } from './refusal.ts';

export class CallHandler implements CallCount {
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
  handle(
    endpoint: Endpoint,
    key: KeyView,
    incoming: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> | void {
    const deps = this.#deps;
    const nowMs = Date.now();
    const facts: CallFacts = { endpoint, key, callId: deps.newUuid(nowMs), nowMs, request: null };
    const read = endpoint.read(incoming as IncomingCall, deps.limits.requestDepthMax);
    if (!read.ok) return refuseCall(deps, reply, read.refusal, facts);
    const request = endpoint.open(read.facts);
    facts.request = request;
    const route = deps.deployments.route(request.model, nowMs);
    if ('code' in route) return refuseCall(deps, reply, route, facts);
    const known = facts as CallFacts & { request: CallRequest };
    return new Call(deps, known, route, reply, this, incoming.arrivedAtMs).start();
  }

  enter(): void {
    this.#inFlight++;
  }

  leave(): void {
    this.#inFlight--;
    if (this.#inFlight === 0) this.#idle?.();
  }
}

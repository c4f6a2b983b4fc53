/**
 * One call: the client's side of it, from the hold to the last byte of the answer (docs/design.md,
 * Hold, Settle). It owns the response, its back-pressure, its headers and what happens when the
 * client leaves. The provider's side is an `Attempt`; a call is a loop over attempts, each with its
 * own hold, record and event, and `domain/routing` decides whether another one follows.
 *
 * I9: the last byte leaves after the attempt's end is durable. I11: bytes pass as they came.
 */
import type { ServerResponse } from 'node:http';
import type { UpstreamHeaders } from '@tollgate/adapters/provider/upstream.ts';
import type { HoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import { type AttemptEnding, nextStep } from '@tollgate/domain/routing/next-step.ts';
import type { FastifyReply } from 'fastify';
import type { BudgetHold, HoldOutcome } from '../budget/budget-book.ts';
import { budgetsOfModel, type PathBudget } from '../budget/path-budget.ts';
import type { CallRequest, ImposedLimit } from '../dialects/dialect.ts';
import { errorCatalogue, errorHeaders, type Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';
import { Attempt } from './attempt.ts';
import { type AttemptEnd, type AttemptListener, FAILURES } from './attempt-end.ts';
import type { CallDeps } from './call-deps.ts';
import { answerHeaders, BODILESS } from './headers.ts';
import { fittingOutput, holdRequests, imposedLimit } from './holds.ts';
import type { Place } from './in-flight.ts';
import { holdNearLimit, type NearLimit } from './near-limit.ts';
import { limitForRates, limitsOnPath, rateBound, takeRates } from './rates.ts';
import { type CallFacts, holdRefusal, NO_CONNECTION, refuseCall } from './refusal.ts';

/** Answers up to this are copied into one write with their head; above it copying costs more. */
const ONE_WRITE_BYTES_MAX = 16 * 1024;

type Recorded = Exclude<AttemptEnd, { ending: 'unrecorded' }>;

export class Call implements AttemptListener {
  readonly #deps: CallDeps;
  readonly #facts: CallFacts & { request: CallRequest };
  /** Deployments in the order in which they are tried. */
  readonly #route: readonly Deployment[];
  readonly #reply: FastifyReply;
  readonly #response: ServerResponse;
  /** Among the calls in flight. */
  readonly #place: Place;
  /** performance.now() when the next attempt could have been sent but for this gateway. */
  #readyAtMs: number;
  #attempts = 0;
  #attempt: Attempt | undefined;
  /** Head of the answer that the running attempt has got. */
  #status = 502;
  #headers: UpstreamHeaders = {};
  #stallTimer: NodeJS.Timeout | undefined;
  #clientGone = false;
  /** Why the attempt was not sent after all. */
  #late: Refusal | null = null;
  /** Bytes of a body have left, and the head with them. */
  #hasWritten = false;
  /** Of the answer's body. */
  #bytes = 0;

  constructor(
    deps: CallDeps,
    facts: CallFacts & { request: CallRequest },
    route: readonly Deployment[],
    reply: FastifyReply,
    place: Place,
  ) {
    this.#deps = deps;
    this.#facts = facts;
    this.#route = route;
    this.#reply = reply;
    this.#response = reply.raw;
    this.#place = place;
    this.#readyAtMs = facts.arrivedAtMs;
  }

  /** Ends the reply itself, now or later. */
  async start(): Promise<void> {
    const { key, request, nowMs } = this.#facts;
    const { directory, budgets } = this.#deps;
    const deployment = this.#route[0] as Deployment;
    const onPath = budgetsOfModel(directory.budgetsOf(key), request.model, deployment.model);
    const rates = limitsOnPath(directory, key, request, deployment);
    const imposed =
      imposedLimit(onPath, request, deployment) ?? limitForRates(rates, request, deployment);
    const wanted = holdRequests(onPath, request, deployment, imposed);
    if ('code' in wanted) return this.#refuse(wanted);
    this.#place.ofCall = true;
    const { connections } = deployment.provider;
    let hasTurn = false;
    let holds: readonly BudgetHold[] = [];
    let limit = imposed;
    try {
      if (rates.length > 0) {
        const bound = rateBound(rates, request, deployment, imposed);
        const refusal = await takeRates(this.#deps.rates, this.#place, rates, request, bound);
        if (refusal !== null) return this.#refuse(refusal);
      }
      const turn = connections.take(key.customerId);
      hasTurn = turn === true || (await turn);
      if (!hasTurn) return this.#refuse(NO_CONNECTION);
      const first = await budgets.hold(wanted, nowMs);
      const near =
        first.kind === 'exceeded'
          ? await this.#nearLimit(first, onPath, deployment, imposed)
          : null;
      const held = near === null ? first : near.outcome;
      if (held.kind !== 'held') {
        hasTurn = false;
        connections.leave(key.customerId);
        const fitting = (left: bigint, unit: HoldUnit) =>
          fittingOutput(request, deployment, left, unit, near?.inputTokensMax);
        return this.#refuse(holdRefusal(held, fitting));
      }
      holds = held.holds;
      if (near !== null) limit = near.limit;
      const renewing = this.#renewRates(rates, deployment, imposed);
      const late = renewing === null ? null : await renewing;
      if (late !== null || this.#response.destroyed) {
        // Its window ended, or its client left, while it waited: nothing was sent or recorded.
        budgets.cancel(holds);
        connections.leave(key.customerId);
        [hasTurn, holds] = [false, []];
        if (late !== null) return this.#refuse(late);
        this.#place.rates?.cancel();
        this.#log(null);
        return this.#place.leave();
      }
    } catch (error) {
      // What it took would be taken for good: nobody else knows of it.
      this.#place.rates?.cancel();
      // seam: defect-gives-back-its-place
      this.#place.leave();
      if (hasTurn) connections.leave(key.customerId);
      budgets.cancel(holds);
      throw error;
    }
    this.#reply.hijack();
    this.#response.on('close', () => this.#onClientClose());
    this.#try(deployment, limit, holds, nowMs);
  }

  /** A call that waited may start in another window than the one in which it was counted. */
  #renewRates(
    limits: readonly RateLimit[],
    deployment: Deployment,
    limit: ImposedLimit | null,
  ): Promise<Refusal | null> | null {
    const ticket = this.#place.rates;
    if (limits.length === 0 || ticket === null || ticket.isCurrent()) return null;
    ticket.cancel();
    const { request } = this.#facts;
    const bound = rateBound(limits, request, deployment, limit);
    return takeRates(this.#deps.rates, this.#place, limits, request, bound);
  }

  /** A budget would refuse it: whether it can be made to fit. */
  #nearLimit(
    exceeded: Extract<HoldOutcome, { kind: 'exceeded' }>,
    onPath: readonly PathBudget[],
    deployment: Deployment,
    limit: ImposedLimit | null,
  ): Promise<NearLimit> {
    const { key, request, nowMs } = this.#facts;
    const asked = { onPath, request, deployment, limit, customerId: key.customerId, nowMs };
    return holdNearLimit(this.#deps, asked, exceeded);
  }

  #refuse(refusal: Refusal): void {
    this.#place.rates?.cancel();
    this.#place.leave();
    refuseCall(this.#deps, this.#reply, refusal, this.#facts);
  }

  #try(
    deployment: Deployment,
    imposedLimit: ImposedLimit | null,
    holds: readonly BudgetHold[],
    startedAtMs: number,
  ): void {
    const { key, request, callId } = this.#facts;
    const { instanceId, newUuid } = this.#deps;
    this.#attempts++;
    this.#late = null;
    const facts = {
      attemptId: newUuid(startedAtMs),
      callId,
      attempt: this.#attempts,
      instanceId,
      key,
      request,
      deployment,
      holds,
      imposedLimit,
      rates: this.#place.rates,
      startedAtMs,
    };
    this.#attempt = new Attempt(this.#deps, facts, this, this.#readyAtMs);
    this.#attempt.start();
  }

  async onLate(): Promise<string | null> {
    const { facts } = this.#attempt as Attempt;
    const { key, request } = this.#facts;
    const rates = limitsOnPath(this.#deps.directory, key, request, facts.deployment);
    this.#late = await this.#renewRates(rates, facts.deployment, facts.imposedLimit);
    // What it had taken is given back: its end must not give it back once more.
    facts.rates = this.#late === null && rates.length > 0 ? this.#place.rates : null;
    if (this.#late === null) return null;
    this.#deps.onRefused(this.#late.code);
    return this.#late.code;
  }

  onHead(status: number, headers: UpstreamHeaders, waits: boolean): void {
    this.#status = status;
    this.#headers = headers;
    if (waits) return;
    this.#writeHead(null, null);
    // Mostly the first bytes come in the same packet, and leave in one write with it.
    process.nextTick(Call.#flushHead, this);
  }

  /** A client learns that its call was taken before the first event comes. */
  static #flushHead(call: Call): void {
    const response = call.#response;
    if (!call.#hasWritten && !response.destroyed) response.flushHeaders();
  }

  onBytes(bytes: Buffer): void {
    if (this.#clientGone || bytes.length === 0) return;
    const response = this.#response;
    if (!response.headersSent) this.#writeHead(null, null);
    this.#hasWritten = true;
    this.#bytes += bytes.length;
    response.write(bytes);
    if (response.writableLength <= this.#deps.limits.clientBufferBytesMax) return;
    // A slow client slows its provider down; one that reads nothing at all is gone.
    if (this.#stallTimer !== undefined) return;
    this.#attempt?.pause();
    this.#stallTimer = setTimeout(() => response.destroy(), this.#deps.limits.clientStallTimeoutMs);
    response.once('drain', () => {
      clearTimeout(this.#stallTimer);
      this.#stallTimer = undefined;
      this.#attempt?.resume();
    });
  }

  onEnd(end: AttemptEnd): void {
    clearTimeout(this.#stallTimer);
    this.#attempt?.facts.deployment.provider.connections.leave(this.#facts.key.customerId);
    if (end.ending === 'unrecorded') return this.#abandon(end.error);
    const step = nextStep(end.ending, {
      clientGone: this.#clientGone,
      relayed: this.#response.headersSent,
      deploymentsLeft: this.#route.length - this.#attempts,
    });
    switch (step) {
      case 'attempt':
        void this.#tryNext(end);
        return;
      case 'answer':
        this.#answer(end);
        return;
      case 'nothing':
        this.#log(end);
        this.#place.leave();
        return;
      default:
        step satisfies never;
    }
  }

  /** The next deployment with a hold of its own; without one, the call ends as this attempt did. */
  async #tryNext(end: Recorded): Promise<void> {
    const { key, request } = this.#facts;
    const { directory, budgets } = this.#deps;
    this.#readyAtMs = performance.now();
    const nowMs = Date.now();
    const deployment = this.#route[this.#attempts] as Deployment;
    const onPath = budgetsOfModel(directory.budgetsOf(key), request.model, deployment.model);
    const rates = limitsOnPath(directory, key, request, deployment);
    const limit =
      imposedLimit(onPath, request, deployment) ?? limitForRates(rates, request, deployment);
    const wanted = holdRequests(onPath, request, deployment, limit);
    if ('code' in wanted) return this.#answer(end);
    if (rates.length > 0) {
      const bound = rateBound(rates, request, deployment, limit);
      const refusal = await takeRates(this.#deps.rates, this.#place, rates, request, bound);
      if (refusal !== null) return this.#answer(end);
    }
    const { connections } = deployment.provider;
    const turn = connections.take(key.customerId);
    if (turn !== true && !(await turn)) return this.#unsent(end);
    const first: HoldOutcome = await budgets.hold(wanted, nowMs);
    const near =
      first.kind === 'exceeded' ? await this.#nearLimit(first, onPath, deployment, limit) : null;
    const held = near === null ? first : near.outcome;
    if (held.kind === 'held' && !this.#clientGone) {
      return this.#try(deployment, near === null ? limit : near.limit, held.holds, nowMs);
    }
    connections.leave(key.customerId);
    if (held.kind !== 'held') return this.#unsent(end);
    budgets.cancel(held.holds);
    this.#place.rates?.cancel();
    this.#log(end);
    this.#place.leave();
  }

  /** The next attempt takes nothing of its rate limits. */
  #unsent(end: Recorded): void {
    this.#place.rates?.cancel();
    this.#answer(end);
  }

  #answer(end: Recorded): void {
    this.#place.leave();
    this.#hasWritten = true;
    if (end.ending === 'answered') this.#writeLast(end);
    else this.#fail(end.ending);
    this.#log(end);
  }

  /** The record is durable: the last bytes may leave. */
  #writeLast({ outcome, overheadUs, last }: Recorded): void {
    const response = this.#response;
    const length = last.reduce((sum, bytes) => sum + bytes.length, 0);
    this.#bytes += length;
    if (!response.headersSent) {
      this.#writeHead(outcome.cost, overheadUs, length);
      if (length <= ONE_WRITE_BYTES_MAX) {
        // As text of bytes, the body leaves in one write with the head: a system call less.
        const [only] = last;
        const body = last.length === 1 && only !== undefined ? only : Buffer.concat(last, length);
        response.end(body.toString('latin1'), 'latin1');
        return;
      }
    }
    for (const bytes of last) if (bytes.length > 0) response.write(bytes);
    response.end();
  }

  /** An answer that broke off breaks off here too; one that never came is an error of ours. */
  #fail(ending: Exclude<AttemptEnding, 'answered'>): void {
    const response = this.#response;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const late = ending === 'unsent' ? this.#late : null;
    const refusal: Refusal = late ?? { code: FAILURES[ending] };
    response.writeHead(errorCatalogue[refusal.code].status, {
      ...this.#answerHeaders({}, null, null),
      ...errorHeaders(refusal),
    });
    const body = this.#facts.endpoint.errorBody(refusal);
    this.#bytes = Buffer.byteLength(body);
    response.end(body);
  }

  #writeHead(cost: string | null, overheadUs: number | null, contentLength?: number): void {
    if (this.#clientGone || this.#response.headersSent) return;
    const headers = this.#answerHeaders(this.#headers, cost, overheadUs);
    const hasLength = contentLength !== undefined && !BODILESS.has(this.#status);
    if (hasLength) headers['content-length'] = contentLength;
    this.#response.writeHead(this.#status, headers);
  }

  #answerHeaders(upstream: UpstreamHeaders, cost: string | null, overheadUs: number | null) {
    const { facts } = this.#attempt as Attempt;
    return answerHeaders(upstream, { facts, cost, overheadUs });
  }

  /** Client gone before the answer was complete: by the key's policy (docs/design.md, Settle). */
  #onClientClose(): void {
    if (this.#response.writableFinished) return;
    this.#clientGone = true;
    clearTimeout(this.#stallTimer);
    this.#attempt?.clientLeft(this.#facts.key.onDisconnect);
  }

  /** @param end of the last attempt; null: nothing was sent */
  #log(end: Recorded | null): void {
    const { accessLog, instanceId } = this.#deps;
    if (accessLog === undefined) return;
    const response = this.#response;
    accessLog.add(this.#facts, instanceId, {
      deployment: end === null ? null : (this.#route[this.#attempts - 1] ?? null),
      outcome: end?.outcome ?? null,
      refusal: null,
      httpStatus: response.headersSent ? response.statusCode : null,
      attempts: this.#attempts,
      responseBytes: this.#bytes,
    });
  }

  /** The journal has failed: nothing more may leave; the process ends and is taken over. */
  #abandon(error: Error): void {
    this.#place.leave();
    this.#deps.onJournalFailure(error);
    this.#response.destroy();
  }
}

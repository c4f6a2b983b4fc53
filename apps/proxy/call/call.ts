/**
 * One call: the client's side of it, to the last byte of the answer (docs/design.md, Settle). It owns
 * the response, its back-pressure, its headers and what happens when the client leaves. The provider's
 * side is an `Attempt`; a call is a loop over attempts, each admitted by itself (`admission.ts`), with
 * its own hold, record and event, and `domain/routing` decides whether another one follows.
 *
 * I9: the last byte leaves after the attempt's end is durable. I11: bytes pass as they came.
 */
import type { ServerResponse } from 'node:http';
import type { UpstreamHeaders } from '@tollgate/adapters/provider/upstream.ts';
import {
  type AttemptEnding,
  type CallState,
  nextStep,
} from '@tollgate/domain/routing/next-step.ts';
import type { FastifyReply } from 'fastify';
import type { BudgetHold } from '../budget/budget-book.ts';
import type { CallRequest, ImposedLimit } from '../dialects/dialect.ts';
import { errorCatalogue, errorHeaders, type Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';
import type { Itinerary } from '../routing/itinerary.ts';
import { retryAfterMs } from '../routing/retry-after.ts';
import { type Applicant, admit, renewRates } from './admission.ts';
import { Attempt } from './attempt.ts';
import {
  type AttemptEnd,
  type AttemptListener,
  FAILURES,
  type Recorded,
  routedFailure,
} from './attempt-end.ts';
import type { CallDeps } from './call-deps.ts';
import { answerHeaders, BODILESS } from './headers.ts';
import { HeldBack } from './held-back.ts';
import type { Place } from './in-flight.ts';
import { limitsOnPath } from './rates.ts';
import { type CallFacts, NO_CONNECTION, refuseCall } from './refusal.ts';

/** Answers up to this are copied into one write with their head; above it copying costs more. */
const ONE_WRITE_BYTES_MAX = 16 * 1024;

export class Call implements Applicant, AttemptListener {
  readonly deps: CallDeps;
  readonly facts: CallFacts & { request: CallRequest };
  /** Deployments in the order in which they are tried. */
  readonly #route: readonly Deployment[];
  /** Of a routed call: its attempts; null: it has one deployment. */
  readonly #itinerary: Itinerary | null;
  readonly #reply: FastifyReply;
  readonly #response: ServerResponse;
  /** Among the calls in flight. */
  readonly place: Place;
  /** performance.now() when the next attempt could have been sent but for this gateway. */
  #readyAtMs: number;
  #attempts = 0;
  #attempt: Attempt | undefined;
  /** What the last attempt came to; null: none has ended. */
  #ended: Recorded | null = null;
  /** Head of the answer that the running attempt has got. */
  #status = 502;
  #headers: UpstreamHeaders = {};
  #stallTimer: NodeJS.Timeout | undefined;
  /** Of a routed call: when its attempt has no time left, or when the next one may start. */
  #routeTimer: NodeJS.Timeout | undefined;
  /** What the running attempt has said so far, and another one may say better; null: nothing waits. */
  readonly #heldBack: HeldBack | null;
  /** For the next attempt, which nothing is sent for yet. */
  #isWaiting = false;
  /** Of a routed call: its time is over. A timer may be a moment early, so the clock does not say. */
  #isOutOfTime = false;
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
    itinerary: Itinerary | null = null,
  ) {
    this.deps = deps;
    this.facts = facts;
    this.#route = route;
    this.#reply = reply;
    this.#response = reply.raw;
    this.place = place;
    this.#itinerary = itinerary;
    this.#heldBack = itinerary === null ? null : new HeldBack(deps.limits.heldBackBytesMax);
    this.#readyAtMs = facts.arrivedAtMs;
  }

  /** Ends the reply itself, now or later. */
  start(): Promise<void> {
    return admit(this, this.#route[0] as Deployment, this.facts.nowMs);
  }

  isOver(): boolean {
    if (this.#clientGone || this.#response.destroyed) return true;
    return this.#itinerary !== null && performance.now() >= this.#itinerary.deadlineMs;
  }

  onRefused(refusal: Refusal): void {
    // Another candidate takes the place of a provider whose connections are all taken.
    const other = refusal === NO_CONNECTION ? this.#itinerary?.passOver(performance.now()) : null;
    if (other != null) return void this.#tryNext(other);
    // Without room for another attempt, the call ends as the last one did.
    if (this.#ended !== null) return this.#answer(this.#ended);
    this.place.leave();
    refuseCall(this.deps, this.#reply, refusal, this.facts);
  }

  onOver(): void {
    if (!this.#clientGone && !this.#response.destroyed) {
      return this.onRefused({ code: 'upstream_timeout' });
    }
    this.#log(this.#ended);
    this.place.leave();
  }

  onAdmitted(
    deployment: Deployment,
    imposedLimit: ImposedLimit | null,
    holds: readonly BudgetHold[],
    startedAtMs: number,
  ): void {
    if (this.#ended === null) {
      this.#reply.hijack();
      this.#response.on('close', () => this.#onClientClose());
    }
    const { key, request, callId } = this.facts;
    const { instanceId, newUuid } = this.deps;
    this.#attempts++;
    this.#late = null;
    if (this.#itinerary !== null) this.#follow(this.#itinerary);
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
      rates: this.place.rates,
      trace: this.facts.trace?.attempt(),
      guard: this.facts.guard,
      recording: this.facts.recording,
      startedAtMs,
    };
    this.#attempt = new Attempt(this.deps, facts, this, this.#readyAtMs);
    this.#attempt.start();
  }

  async onLate(): Promise<string | null> {
    const { facts } = this.#attempt as Attempt;
    const { key, request } = this.facts;
    const rates = limitsOnPath(this.deps.directory, key, request, facts.deployment);
    this.#late = await renewRates(this, rates, facts.deployment, facts.imposedLimit);
    // What it had taken is given back: its end must not give it back once more.
    facts.rates = this.#late === null && rates.length > 0 ? this.place.rates : null;
    if (this.#late === null) return null;
    this.deps.onRefused(this.#late.code);
    return this.#late.code;
  }

  onHead(status: number, headers: UpstreamHeaders, waits: boolean): void {
    this.#status = status;
    this.#headers = headers;
    if (this.#heldBack?.begin(status, this.#mayGoOn)) return;
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
    const held = this.#heldBack;
    if (held?.isHolding === true) {
      if (held.push(bytes, this.#attempt?.hasToken === true)) return;
      for (const earlier of held.take()) this.#write(earlier);
    } else this.#write(bytes);
    const response = this.#response;
    if (response.writableLength <= this.deps.limits.clientBufferBytesMax) return;
    // A slow client slows its provider down; one that reads nothing at all is gone.
    if (this.#stallTimer !== undefined) return;
    this.#attempt?.pause();
    this.#stallTimer = setTimeout(() => response.destroy(), this.deps.limits.clientStallTimeoutMs);
    response.once('drain', () => {
      clearTimeout(this.#stallTimer);
      this.#stallTimer = undefined;
      this.#attempt?.resume();
    });
  }

  #write(bytes: Buffer): void {
    const response = this.#response;
    if (!response.headersSent) this.#writeHead(null, null);
    this.#hasWritten = true;
    this.#bytes += bytes.length;
    this.facts.payload?.take(bytes);
    response.write(bytes);
  }

  onEnd(end: AttemptEnd): void {
    clearTimeout(this.#stallTimer);
    clearTimeout(this.#routeTimer);
    this.#attempt?.facts.deployment.provider.connections.leave(this.facts.key.customerId);
    if (end.ending === 'unrecorded') return this.#abandon(end.error);
    const routed = this.#itinerary === null ? null : this.#learn(this.#itinerary, end);
    const state: CallState = {
      clientGone: this.#clientGone,
      relayed: this.#response.headersSent,
      deploymentsLeft: this.#route.length - this.#attempts,
    };
    if (this.#itinerary !== null) state.another = routed !== null;
    const step = nextStep(end.ending, state);
    switch (step) {
      case 'attempt':
        this.#ended = end;
        if (routed === null) void this.#tryNext(this.#route[this.#attempts] as Deployment);
        else this.#tryIn(routed.waitMs, routed.deployment);
        return;
      case 'answer':
        this.#answer(end);
        return;
      case 'nothing':
        this.#log(end);
        this.place.leave();
        return;
      default:
        step satisfies never;
    }
  }

  /** With a hold of its own; without one, the call ends as the last attempt did. */
  #tryNext(deployment: Deployment): Promise<void> {
    this.#readyAtMs = performance.now();
    return admit(this, deployment, Date.now()).catch((error) => this.#onDefect(error));
  }

  /** Of a later admission, which has given all back: the call that began it waits for it no longer. */
  #onDefect(error: unknown): void {
    this.deps.onDefect(error);
    if (this.#ended !== null) return this.#answer(this.#ended);
    this.#reply.send(error);
  }

  #tryIn(waitMs: number, deployment: Deployment): void {
    if (waitMs === 0) return void this.#tryNext(deployment);
    this.#isWaiting = true;
    this.#routeTimer = setTimeout(() => {
      this.#isWaiting = false;
      void this.#tryNext(deployment);
    }, waitMs);
  }

  /** An attempt of a routed call is about to be sent. */
  #follow(itinerary: Itinerary): void {
    const nowMs = performance.now();
    itinerary.sent(nowMs);
    this.#heldBack?.clear();
    this.#headers = {};
    const leftMs = itinerary.deadlineMs - nowMs;
    if (!Number.isFinite(leftMs)) return;
    const onDeadline = () => {
      this.#isOutOfTime = true;
      this.#attempt?.timeOut();
    };
    this.#routeTimer = setTimeout(onDeadline, Math.max(0, leftMs));
  }

  /** What its end says of the deployment, and what follows. */
  #learn(itinerary: Itinerary, end: Recorded): ReturnType<Itinerary['next']> {
    const nowMs = performance.now();
    const { outcome, ending } = end;
    const failure = routedFailure(end);
    const isLate = this.#isOutOfTime && ending === 'timeout' && !this.#isSilent(outcome);
    const isOurs =
      outcome.status === 'client_closed' || (ending === 'unsent' && this.#late !== null) || isLate;
    const tookMs = outcome.ttft_ms ?? outcome.latency_ms ?? 0;
    const after = retryAfterMs(this.#headers, Date.now());
    itinerary.ended({ failure: isOurs ? 'nothing' : failure, retryAfterMs: after, tookMs }, nowMs);
    // What a guardrail has blocked no other candidate may answer.
    const isFinal = isOurs || this.#isOutOfTime || failure === null || end.blocked !== null;
    return isFinal ? null : itinerary.next(failure, nowMs);
  }

  /**
   * Nothing came of it for as long as the call had time: that is its deployment's fault. Not so if it was
   * writing, if nobody but us read it any more, or if it was never sent.
   */
  #isSilent({ ttft_ms, cost }: Recorded['outcome']): boolean {
    return ttft_ms === null && cost === null && !this.#clientGone;
  }

  get #mayGoOn(): boolean {
    return this.#itinerary?.mayGoOn === true;
  }

  #answer(end: Recorded): void {
    this.place.leave();
    this.#hasWritten = true;
    if (end.blocked !== null) this.#fail(end.blocked, end.outcome.cost);
    else if (end.ending === 'answered') this.#writeLast(end);
    else this.#fail(this.#failure(end.ending), null);
    this.#log(end);
  }

  /** The record is durable: the last bytes may leave. */
  #writeLast({ outcome, overheadUs, last: ownLast }: Recorded): void {
    const response = this.#response;
    const last = this.#heldBack?.before(ownLast) ?? ownLast;
    const length = last.reduce((sum, bytes) => sum + bytes.length, 0);
    this.#bytes += length;
    const { payload } = this.facts;
    if (payload !== undefined) for (const bytes of last) payload.take(bytes);
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
  #fail(refusal: Refusal, cost: string | null): void {
    const response = this.#response;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.writeHead(errorCatalogue[refusal.code].status, {
      ...this.#answerHeaders({}, cost, null),
      ...errorHeaders(refusal),
    });
    const body = this.facts.endpoint.errorBody(refusal);
    this.#bytes = Buffer.byteLength(body);
    response.end(body);
  }

  #failure(ending: Exclude<AttemptEnding, 'answered'>): Refusal {
    const late = ending === 'unsent' ? this.#late : null;
    return late ?? { code: FAILURES[ending] };
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
    if (this.#isWaiting) {
      clearTimeout(this.#routeTimer);
      this.#isWaiting = false;
      return this.onOver();
    }
    this.#attempt?.clientLeft(this.facts.key.onDisconnect);
  }

  /** @param end of the last attempt; null: nothing was sent */
  #log(end: Recorded | null): void {
    const { accessLog, instanceId } = this.deps;
    const { trace, payload } = this.facts;
    const response = this.#response;
    if (end !== null) payload?.ended(this.facts, response.headersSent ? response.statusCode : null);
    if (accessLog === undefined && trace === undefined) return;
    const ended = {
      deployment: end === null ? null : (this.#attempt?.facts.deployment ?? null),
      outcome: end?.outcome ?? null,
      refusal: end?.blocked?.code ?? null,
      httpStatus: response.headersSent ? response.statusCode : null,
      attempts: this.#attempts,
      responseBytes: this.#bytes,
    };
    accessLog?.add(this.facts, instanceId, ended);
    trace?.ended(this.facts, ended);
  }

  /** The journal has failed: nothing more may leave; the process ends and is taken over. */
  #abandon(error: Error): void {
    this.place.leave();
    this.deps.onJournalFailure(error);
    this.#response.destroy();
  }
}

/**
 * One call, to the last byte of the answer (docs/design.md, Settle): a loop over attempts, each admitted
 * by itself (`admission.ts`), with its own hold, record and event; `domain/routing` decides whether another
 * one follows. The provider's side is an `Attempt`, the client's a `ClientAnswer`; the call says whose answer
 * the client gets, when it may end, and what happens when the client leaves.
 *
 * I9: the last byte leaves after the attempt's end is durable.
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
import type { ErrorCode, Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';
import type { Itinerary, Next, StopEnd } from '../routing/itinerary.ts';
import { retryAfterMs } from '../routing/retry-after.ts';
import { type Applicant, admit, renewRates } from './admission.ts';
import { mayUseAnotherKey } from './another-key.ts';
import { Attempt } from './attempt.ts';
import {
  type AttemptEnd,
  type AttemptListener,
  FAILURES,
  type Recorded,
  routedFailure,
} from './attempt-end.ts';
import type { AttemptFacts } from './attempt-facts.ts';
import type { CallDeps } from './call-deps.ts';
import type { Cascade, Kept } from './cascade.ts';
import { type Answered, ClientAnswer } from './client-answer.ts';
import type { Place } from './in-flight.ts';
import { type Lane, Race, type Racing } from './race.ts';
import { limitsOnPath } from './rates.ts';
import { type CallFacts, NO_CONNECTION, refuseCall } from './refusal.ts';

/** What no candidate with such a price or bound ever takes, so that another one is asked. */
const NEVER_ADMITTED: ReadonlySet<ErrorCode> = new Set([
  ...(['model_unpriced', 'output_limit_required', 'unbounded_request'] as const),
  'not_translatable',
]);

/** What an attempt is opened with. */
type Admitted = Pick<
  AttemptFacts,
  'deployment' | 'imposedLimit' | 'holds' | 'rates' | 'startedAtMs' | 'request'
>;

export class Call implements Applicant, Racing, Answered {
  readonly deps: CallDeps;
  readonly facts: CallFacts & { request: CallRequest };
  /** Deployments in the order in which they are tried. */
  readonly #route: readonly Deployment[];
  /** Of a routed call: its attempts; null: it has one deployment. */
  readonly #itinerary: Itinerary | null;
  /** Of a cascade: what becomes of answers that are not good enough; null: it is none. */
  readonly #cascade: Cascade<Attempt> | null;
  readonly #reply: FastifyReply;
  readonly #response: ServerResponse;
  readonly #client: ClientAnswer;
  /** Among the calls in flight. */
  readonly place: Place;
  /** performance.now() when the next attempt could have been sent but for this gateway. */
  #readyAtMs: number;
  #attempts = 0;
  /** Of them, those that were made again with another key of the same provider. */
  #keyRetries = 0;
  /** Of them, those at the provider that is asked now. */
  #keyRetriesHere = 0;
  #attempt: Attempt | undefined;
  /** What the last attempt came to; null: none has ended. */
  #ended: Recorded | null = null;
  /** Of a routed call: when it has no time left. */
  #deadline: NodeJS.Timeout | undefined;
  /** Of a routed call: when the next attempt may start. */
  #retryTimer: NodeJS.Timeout | undefined;
  /** What an attempt needs is being taken: it is told of the end of that, once. */
  #isAdmitting = false;
  /** The client has its answer, or a refusal: what is still taken is given back. */
  #isAnswered = false;
  /** Of a hedged call, its first two attempts; null: one runs at a time. */
  #race: Race | null = null;
  /** Besides its own attempt: a second one that is admitted or runs, or one that was given up. */
  #others = 0;
  #hasLeft = false;
  /** Of candidates that could not be asked, what the client is told; null: all were asked. */
  #refusal: Refusal | null = null;
  /** For the next attempt, which nothing is sent for yet. */
  #isWaiting = false;
  /** An attempt is recorded, or sent, and has not ended. */
  #isRunning = false;
  /** Of a routed call: its time is over. A timer may be a moment early, so the clock does not say. */
  #isOutOfTime = false;
  #clientGone = false;
  /** Why the attempt was not sent after all. */
  #late: Refusal | null = null;

  constructor(
    deps: CallDeps,
    facts: CallFacts & { request: CallRequest },
    route: readonly Deployment[],
    reply: FastifyReply,
    place: Place,
    itinerary: Itinerary | null = null,
    cascade: Cascade<Attempt> | null = null,
  ) {
    this.deps = deps;
    this.facts = facts;
    this.#route = route;
    this.#reply = reply;
    this.#response = reply.raw;
    this.place = place;
    this.#itinerary = itinerary;
    this.#cascade = cascade;
    const mayHold = itinerary !== null || route.some(({ provider }) => provider.keys !== undefined);
    this.#client = new ClientAnswer(this, reply.raw, mayHold);
    this.#readyAtMs = facts.arrivedAtMs;
  }

  /** Ends the reply itself, now or later. */
  start(): Promise<void> {
    this.#isAdmitting = true;
    const timed = this.#itinerary?.isTimed === true ? this.#itinerary : null;
    // First: a call may be refused at once, and its end takes the timer back.
    if (timed !== null) this.#watchTime(timed);
    const admitted = admit(this, this.#route[0] as Deployment, this.facts.nowMs);
    if (timed === null) return admitted;
    return admitted.catch((error) => {
      clearTimeout(this.#deadline);
      if (!this.#isAnswered) throw error;
      this.deps.onDefect(error);
    });
  }

  /** Whose answer the client gets. */
  get attempt(): Attempt | undefined {
    return this.#attempt;
  }

  /** Where the client gets the answer of an earlier attempt, or of one of two. */
  get attemptsStated(): number | null {
    return this.#race === null && this.#cascade === null ? null : this.#attempts;
  }

  get isClientGone(): boolean {
    return this.#clientGone;
  }

  isOver(): boolean {
    if (this.#clientGone || this.#response.destroyed || this.#isOutOfTime) return true;
    return this.#itinerary !== null && performance.now() >= this.#itinerary.deadlineMs;
  }

  onRefused(refusal: Refusal): void {
    this.#isAdmitting = false;
    if (this.#isAnswered) return this.#leave();
    const other = this.#itinerary === null ? null : this.#passOver(this.#itinerary, refusal);
    if (other !== null) {
      this.#keyRetriesHere = 0;
      return this.#tryIn(other.waitMs, other.deployment);
    }
    // Without room for another attempt, the call ends as the last one did.
    if (this.#ended !== null) return this.#answer(this.#ended);
    this.#refuse(this.#refusal ?? refusal);
  }

  /** Another candidate takes the place of one that cannot be asked. */
  #passOver(itinerary: Itinerary, refusal: Refusal): ReturnType<Itinerary['passOver']> {
    const isForGood = NEVER_ADMITTED.has(refusal.code);
    // seam: first-refusal-is-told
    this.#refusal = isForGood ? (this.#refusal ?? refusal) : refusal;
    if (!isForGood && refusal !== NO_CONNECTION) return null;
    return itinerary.passOver(isForGood, performance.now());
  }

  #refuse(refusal: Refusal): void {
    this.#isAnswered = true;
    this.#leave();
    refuseCall(this.deps, this.#reply, refusal, this.facts);
  }

  onOver(): void {
    this.#isAdmitting = false;
    if (this.#isAnswered) return this.#leave();
    if (!this.#clientGone && !this.#response.destroyed) {
      return this.onRefused({ code: 'upstream_timeout' });
    }
    this.#log(this.#ended);
    this.#leave();
  }

  /** Its place is free when nothing is taken for it any more. */
  #leave(): void {
    clearTimeout(this.#deadline);
    this.#hasLeft = true;
    this.#cascade?.release();
    // seam: place-is-of-all-attempts
    if (!this.#isAdmitting && this.#others === 0) this.place.leave();
  }

  onAdmitted(
    deployment: Deployment,
    imposedLimit: ImposedLimit | null,
    holds: readonly BudgetHold[],
    startedAtMs: number,
    request: CallRequest,
  ): void {
    this.#isAdmitting = false;
    if (this.#ended === null) {
      this.#reply.hijack();
      this.#response.on('close', () => this.#onClientClose());
    }
    this.#late = null;
    const itinerary = this.#itinerary;
    if (itinerary !== null) this.#follow(itinerary);
    else if (this.#attempts > 0) this.#client.clear();
    const afterMs = this.#attempts === 0 ? this.#hedgeAfterMs() : null;
    const race =
      afterMs === null || itinerary === null ? null : new Race(this, itinerary.at, afterMs);
    this.#race = race;
    this.#isRunning = true;
    const { rates } = this.place;
    const listener = race?.first ?? this;
    const admitted = { deployment, imposedLimit, holds, rates, startedAtMs, request };
    const attempt = this.#open(admitted, listener);
    if (race !== null) race.first.attempt = attempt;
    this.#attempt = attempt;
    attempt.start();
  }

  #open(
    { deployment, imposedLimit, holds, rates, startedAtMs, request }: Admitted,
    listener: AttemptListener,
  ): Attempt {
    const { key, callId } = this.facts;
    const { instanceId, newUuid } = this.deps;
    this.#attempts++;
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
      rates,
      trace: this.facts.trace?.attempt(),
      guard: this.facts.guard,
      recording: this.facts.recording,
      routed: this.facts.routed,
      cached: this.facts.cached,
      cascade: this.#judging,
      startedAtMs,
    };
    return new Attempt(this.deps, facts, listener, this.#readyAtMs);
  }

  /** What is judged, or recorded to be given again, is one attempt's. */
  #hedgeAfterMs(): number | null {
    const { guard, recording } = this.facts;
    const isAlone = guard === null && recording === null && this.#cascade === null;
    return isAlone ? (this.#itinerary?.hedgeAfterMs ?? null) : null;
  }

  hedgeAt(): ReturnType<Itinerary['hedge']> {
    return this.#itinerary?.hedge(performance.now()) ?? null;
  }

  attemptOf(
    deployment: Deployment,
    imposedLimit: ImposedLimit | null,
    holds: readonly BudgetHold[],
    startedAtMs: number,
    request: CallRequest,
    lane: Lane,
  ): Attempt {
    this.#itinerary?.sent(performance.now(), lane.index);
    this.#readyAtMs = performance.now();
    const rates = lane.place?.rates ?? null;
    return this.#open({ deployment, imposedLimit, holds, rates, startedAtMs, request }, lane);
  }

  adopt(attempt: Attempt, index: number): void {
    this.#attempt = attempt;
    this.#itinerary?.turnTo(index);
  }

  givesUp(index: number): void {
    this.#itinerary?.givesUp(index);
  }

  lost({ facts }: Attempt, index: number, end: Recorded, headers: UpstreamHeaders): void {
    facts.deployment.provider.connections.leave(this.facts.key.customerId);
    const nowMs = performance.now();
    // What was never sent says nothing of how long an answer takes.
    if (end.outcome.status === 'client_closed' && end.ending !== 'unsent') {
      this.#itinerary?.gaveUp(index, end.outcome.latency_ms ?? 0, nowMs);
    } else this.#itinerary?.ended(this.#stopEnd(facts, end, headers), nowMs, index);
  }

  began(): void {
    this.#others++;
  }

  ended(): void {
    this.#others--;
    if (this.#hasLeft) this.#leave();
  }

  async onLate(place = this.place): Promise<string | null> {
    const { facts } = this.#attempt as Attempt;
    const { key } = this.facts;
    const { deps } = this;
    const { request, deployment, imposedLimit } = facts;
    const rates = limitsOnPath(deps.directory, key, request, deployment);
    this.#late = await renewRates({ deps, place }, request, rates, deployment, imposedLimit);
    // What it had taken is given back: its end must not give it back once more.
    facts.rates = this.#late === null && rates.length > 0 ? place.rates : null;
    if (this.#late === null) return null;
    this.deps.onRefused(this.#late.code);
    return this.#late.code;
  }

  onHead(status: number, headers: UpstreamHeaders, waits: boolean): void {
    const answer = { status, isAboutRequest: false };
    const mayGoOn =
      this.#mayGoOn || mayUseAnotherKey(this.#attempt?.facts, answer, this.#keyRetriesHere);
    this.#client.begin(status, headers, waits, mayGoOn, this.#judging);
  }

  onBytes(bytes: Buffer): void {
    this.#client.push(bytes);
  }

  onEnd(end: AttemptEnd): void {
    this.#client.stopWatching();
    this.#isRunning = false;
    this.#attempt?.facts.deployment.provider.connections.leave(this.facts.key.customerId);
    if (end.ending === 'unrecorded') return this.#abandon(end.error);
    const routed = this.#itinerary === null ? null : this.#learn(this.#itinerary, end);
    const state: CallState = {
      clientGone: this.#clientGone,
      relayed: this.#response.headersSent,
      deploymentsLeft: this.#route.length - this.#attempts + this.#keyRetries,
    };
    if (this.#itinerary !== null) state.another = routed !== null;
    const again = this.#withAnotherKey(end);
    if (again !== null) state.another = true;
    const step = nextStep(end.ending, state);
    switch (step) {
      case 'attempt':
        this.#ended = end;
        this.#keyRetriesHere = again === null ? 0 : this.#keyRetriesHere + 1;
        if (again !== null) {
          this.#keyRetries++;
          void this.#tryNext(again);
        } else if (routed === null)
          void this.#tryNext(this.#route[this.#attempts - this.#keyRetries] as Deployment);
        else this.#tryIn(routed.waitMs, routed.deployment);
        return;
      case 'answer':
        this.#answer(end);
        return;
      case 'nothing':
        this.#log(end);
        this.#leave();
        return;
      default:
        step satisfies never;
    }
  }

  /** Where the same request is sent again, with another key; null: nowhere. */
  #withAnotherKey(end: Recorded): Deployment | null {
    if (this.#clientGone || this.#isOutOfTime) return null;
    const { facts } = this.#attempt as Attempt;
    return this.#isOfAnotherKey(facts, end) ? facts.deployment : null;
  }

  #isOfAnotherKey(facts: AttemptFacts, { outcome, ending }: Recorded): boolean {
    const answer = { status: outcome.http_status, isAboutRequest: ending === 'flagged' };
    return mayUseAnotherKey(facts, answer, this.#keyRetriesHere);
  }

  /** With a hold of its own; without one, the call ends as the last attempt did. */
  #tryNext(deployment: Deployment): Promise<void> {
    this.#readyAtMs = performance.now();
    this.#isAdmitting = true;
    return admit(this, deployment, Date.now()).catch((error) => this.#onDefect(error));
  }

  /** Of a later admission, which has given all back: the call that began it waits for it no longer. */
  #onDefect(error: unknown): void {
    this.deps.onDefect(error);
    this.#isAdmitting = false;
    if (this.#isAnswered) return this.#leave();
    if (this.#ended !== null) return this.#answer(this.#ended);
    this.#leave();
    this.#reply.send(error);
  }

  #tryIn(waitMs: number, deployment: Deployment): void {
    if (waitMs === 0) return void this.#tryNext(deployment);
    this.#isWaiting = true;
    this.#retryTimer = setTimeout(() => {
      this.#isWaiting = false;
      void this.#tryNext(deployment);
    }, waitMs);
  }

  /** From now on the call ends when it has no time left, whatever it waits for. */
  #watchTime({ deadlineMs }: Itinerary): void {
    const leftMs = Math.max(0, deadlineMs - performance.now());
    this.#deadline ??= setTimeout(() => this.#onDeadline(), leftMs);
  }

  #onDeadline(): void {
    this.#isOutOfTime = true;
    // seam: deadline-interrupts-what-is-waited-for
    if (this.#isRunning) return this.#running?.timeOut();
    if (this.#isAnswered || this.#clientGone || this.#response.destroyed) return;
    clearTimeout(this.#retryTimer);
    this.#isWaiting = false;
    if (this.#ended !== null) this.#answer(this.#ended);
    else this.#refuse({ code: 'upstream_timeout' });
  }

  /** An attempt of a routed call is about to be sent. */
  #follow(itinerary: Itinerary): void {
    const nowMs = performance.now();
    itinerary.sent(nowMs);
    this.#client.clear();
    this.#cascade?.begin();
    // The first attempt has a time limit of its own.
    if (this.#attempts > 0) this.#watchTime(itinerary);
  }

  /** What its end says of the deployment, and what follows. */
  #learn(itinerary: Itinerary, end: Recorded): ReturnType<Itinerary['next']> {
    const nowMs = performance.now();
    const failure = routedFailure(end);
    const learned = this.#stopEnd((this.#attempt as Attempt).facts, end, this.#client.headers);
    itinerary.ended(learned, nowMs);
    const isOurs = learned.failure === 'nothing';
    // What a guardrail has blocked no other candidate may answer.
    if (isOurs || this.#isOutOfTime || end.blocked !== null) return null;
    return failure === null ? this.#escalate(itinerary, end) : itinerary.next(failure, nowMs);
  }

  /** What judges the running attempt's answer; undefined: it is the client's, however it is. */
  get #judging(): Cascade<Attempt> | undefined {
    return this.#itinerary?.mayEscalate === true ? (this.#cascade ?? undefined) : undefined;
  }

  /** The client gets it all the same if no better one comes. */
  #escalate(itinerary: Itinerary, end: Recorded): Next | null {
    const cascade = this.#cascade;
    if (cascade === null || end.short === null || this.#clientGone) return null;
    if (this.#response.headersSent || !itinerary.mayEscalate) return null;
    if (!cascade.takeRoom(end.last.reduce((sum, { length }) => sum + length, 0))) return null;
    const last = this.#client.rest(end.last);
    const { status, headers } = this.#client;
    cascade.keep({ end: { ...end, last }, status, headers, of: this.#attempt as Attempt });
    return itinerary.escalate();
  }

  #stopEnd(facts: AttemptFacts, end: Recorded, headers: UpstreamHeaders): StopEnd {
    const { outcome, ending } = end;
    const failure = routedFailure(end);
    const isLate = this.#isOutOfTime && ending === 'timeout' && !this.#isSilent(outcome);
    // seam: other-keys-are-as-good
    const isOfKey = this.#isOfAnotherKey(facts, end);
    const isNotSent = ending === 'unsent' && this.#late !== null;
    const isOurs = outcome.status === 'client_closed' || isNotSent || isLate || isOfKey;
    // To refuse a wrong request is quick, and says nothing of how long an answer takes.
    const isWrong = failure === null && (outcome.http_status ?? 0) >= 400;
    const learned = isWrong ? 'wrong_request' : failure;
    return {
      failure: isOurs ? 'nothing' : learned,
      retryAfterMs: retryAfterMs(headers, Date.now()),
      tookMs: outcome.ttft_ms ?? outcome.latency_ms ?? 0,
    };
  }

  /**
   * Nothing came of it for as long as the call had time: that is its deployment's fault. Not so if it was
   * writing, if nobody but us read it any more, or if it was never sent.
   */
  #isSilent({ ttft_ms, cost }: Recorded['outcome']): boolean {
    return ttft_ms === null && cost === null && !this.#clientGone;
  }

  /** Both, until one of them has said something. */
  get #running(): Race | Attempt | undefined {
    return this.#race?.isDecided === false ? this.#race : this.#attempt;
  }

  get #mayGoOn(): boolean {
    // What comes may be worse than what is kept, until something has come.
    return this.#itinerary?.mayGoOn === true || this.#cascade?.hasKept === true;
  }

  #answer(came: Recorded): void {
    const kept = this.#response.headersSent ? null : (this.#cascade?.instead(came) ?? null);
    const end = kept === null ? came : this.#turnBack(kept);
    this.#isAnswered = true;
    this.#leave();
    if (end.blocked !== null) this.#client.fail(end.blocked, end.outcome.cost);
    else if (end.ending === 'answered') this.#client.end(end);
    else this.#client.fail(this.#failure(end.ending), null);
    this.#log(end);
  }

  #turnBack({ end, status, headers, of }: Kept<Attempt>): Recorded {
    this.#client.turnBack(status, headers);
    this.#attempt = of;
    this.facts.recording?.answeredBy(of.facts.attempt);
    return end;
  }

  #failure(ending: Exclude<AttemptEnding, 'answered'>): Refusal {
    const late = ending === 'unsent' ? this.#late : null;
    return late ?? { code: FAILURES[ending] };
  }

  /** Client gone before the answer was complete: by the key's policy (docs/design.md, Settle). */
  #onClientClose(): void {
    if (this.#response.writableFinished) return;
    this.#clientGone = true;
    this.#client.stopWatching();
    if (this.#isWaiting) {
      clearTimeout(this.#retryTimer);
      this.#isWaiting = false;
      return this.onOver();
    }
    this.#running?.clientLeft(this.facts.key.onDisconnect);
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
      responseBytes: this.#client.bytes,
      providerKey: this.#attempt?.facts.providerKey?.name,
    };
    accessLog?.add(this.facts, instanceId, ended);
    trace?.ended(this.facts, ended);
  }

  /** The journal has failed: nothing more may leave; the process ends and is taken over. */
  #abandon(error: Error): void {
    this.#leave();
    this.deps.onJournalFailure(error);
    this.#response.destroy();
  }
}

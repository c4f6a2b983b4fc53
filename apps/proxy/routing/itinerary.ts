/**
 * The attempts of one routed call (docs/design.md, Route): where each goes, and what is learned from how it
 * ended. `domain/routing` decides; this remembers what was tried.
 */
import { type BreakerLimits, OF_THE_REQUEST } from '@tollgate/domain/routing/breaker.ts';
import { nextAttempt, type Tried } from '@tollgate/domain/routing/failure.ts';
import type { FailureClass, RouteTerms } from '@tollgate/domain/routing/route.ts';
import type { Deployment } from './deployments.ts';
import type { DeploymentHealth } from './route-health.ts';

export type ItineraryLimits = BreakerLimits & {
  /** Of a whole call whose route says nothing of it: as long as one attempt may take. */
  attemptTimeoutMs: number;
  failureLatencyMs: number;
  retryBackoffMs: number;
  retryWaitMsMax: number;
};

export type Stop = { deployment: Deployment; health: DeploymentHealth };

/**
 * How an attempt ended. `nothing`: it says nothing of its deployment, such as a client that left.
 * `wrong_request`: that was refused, as it would be anywhere.
 */
export type StopEnd = {
  failure: FailureClass | 'nothing' | 'wrong_request' | null;
  /** Of a provider that says when it serves again; null: it does not. */
  retryAfterMs: number | null;
  tookMs: number;
};

type ItineraryTerms = Pick<RouteTerms, 'fallback_on' | 'retries' | 'timeout_ms' | 'hedge'>;

export type Next = { deployment: Deployment; waitMs: number };

type Visit = Stop & { last: Tried['last']; readyAtMs: number; sentIn: number };

/** Failures that a request can bring about wherever it goes. */
const MAY_BE_THE_REQUESTS: ReadonlySet<Tried['last']> = new Set(['server_error', 'broken']);

export class Itinerary {
  /** performance.now() by which the call must have ended. */
  readonly deadlineMs: number;
  readonly #terms: ItineraryTerms;
  readonly #limits: ItineraryLimits;
  readonly #visits: readonly Visit[];
  readonly #random: () => number;
  #at = 0;
  #retries = 0;
  #lastFailure: FailureClass | null = null;
  /** The first that failed at something that may be this request's fault. */
  #blamed: { visit: Visit; takeBack: () => void } | null = null;
  /** Another one failed at it as well: it is the request's fault, unless a third one serves it. */
  #isDoubted = false;

  /**
   * @param stops in the order in which they are tried; at least one
   * @param arrivedAtMs performance.now() when the call came
   */
  constructor(
    stops: readonly Stop[],
    terms: ItineraryTerms,
    limits: ItineraryLimits,
    arrivedAtMs: number,
    random: () => number = Math.random,
  ) {
    this.#visits = stops.map((stop) => ({ ...stop, last: null, readyAtMs: 0, sentIn: 0 }));
    this.#terms = terms;
    this.#limits = limits;
    this.#random = random;
    this.deadlineMs = arrivedAtMs + (terms.timeout_ms ?? limits.attemptTimeoutMs);
  }

  /** Its route says how long the call may take. */
  get isTimed(): boolean {
    return this.#terms.timeout_ms !== null;
  }

  get first(): Deployment {
    return (this.#visits[0] as Visit).deployment;
  }

  /** What comes of the running attempt may still be replaced by another's. */
  get mayGoOn(): boolean {
    if (this.#retries < this.#terms.retries) return true;
    return this.#visits.some(({ last }, index) => last === null && index !== this.#at);
  }

  /** How long the first attempt may say nothing before a second one is sent; null: no second one is. */
  get hedgeAfterMs(): number | null {
    return this.#visits.length > 1 ? (this.#terms.hedge?.after_ms ?? null) : null;
  }

  /** Of the running attempt. */
  get at(): number {
    return this.#at;
  }

  /** Of two that run, the call is this one's. */
  turnTo(index: number): void {
    this.#at = index;
  }

  /** Where a second attempt may go at once; null: nowhere. */
  hedge(nowMs: number): { deployment: Deployment; index: number } | null {
    const index = this.#visits.findIndex(
      ({ last, health }, at) => last === null && at !== this.#at && !health.breaker.isOpen(nowMs),
    );
    const visit = this.#visits[index];
    return visit === undefined ? null : { deployment: visit.deployment, index };
  }

  /** Nobody waits for it any longer: whatever comes of the other one, it has had its attempt. */
  givesUp(index: number): void {
    (this.#visits[index] as Visit).last ??= 'timeout';
  }

  /** One of two that ran was given up after so long: that says only that it took longer. */
  gaveUp(index: number, afterMs: number, nowMs: number): void {
    const visit = this.#visits[index] as Visit;
    visit.health.breaker.saidNothing(visit.sentIn);
    visit.health.latency.gaveUp(afterMs, nowMs);
    visit.last ??= 'timeout';
  }

  sent(nowMs: number, index = this.#at): void {
    const visit = this.#visits[index] as Visit;
    const { breaker, latency } = visit.health;
    visit.sentIn = breaker.sent(nowMs);
    latency.started();
  }

  ended({ failure, retryAfterMs, tookMs }: StopEnd, nowMs: number, index = this.#at): void {
    const visit = this.#visits[index] as Visit;
    const { sentIn } = visit;
    const { breaker, latency } = visit.health;
    if (failure === 'nothing') {
      breaker.saidNothing(sentIn);
      return latency.ended(null, nowMs);
    }
    if (failure === null) {
      if (this.#isDoubted) this.#blameAll(visit, nowMs);
      breaker.succeeded(sentIn);
      return latency.ended(tookMs, nowMs);
    }
    if (failure === 'wrong_request' || OF_THE_REQUEST.has(failure)) {
      // seam: quick-refusal-is-no-quick-answer
      latency.refused(this.#limits.failureLatencyMs, nowMs);
      breaker.saidNothing(sentIn);
      if (failure !== 'wrong_request') visit.last = failure;
      return;
    }
    latency.ended(Math.max(tookMs, this.#limits.failureLatencyMs), nowMs);
    visit.last = failure;
    visit.readyAtMs = retryAfterMs === null ? 0 : nowMs + retryAfterMs;
    const takeBack = breaker.failed(failure, retryAfterMs, nowMs, sentIn);
    if (MAY_BE_THE_REQUESTS.has(failure)) this.#doubt(visit, takeBack);
  }

  /** The failure of one may be that request's at any: one that fails at two of them blames neither. */
  #doubt(visit: Visit, takeBack: () => void): void {
    const blamed = this.#blamed;
    if (blamed === null) {
      this.#blamed = { visit, takeBack };
      return;
    }
    if (!this.#isDoubted && blamed.visit === visit) return;
    // seam: request-that-fails-everywhere-blames-nobody
    if (!this.#isDoubted) blamed.takeBack();
    this.#isDoubted = true;
    takeBack();
  }

  /** It was served after all: those that failed at it are to blame. */
  #blameAll(served: Visit, nowMs: number): void {
    this.#isDoubted = false;
    for (const visit of this.#visits) {
      const { last, health, sentIn } = visit;
      if (visit === served || last === null || last === 'fell_short') continue;
      if (!MAY_BE_THE_REQUESTS.has(last)) continue;
      health.breaker.failed(last, null, nowMs, sentIn);
    }
  }

  /**
   * Nothing could be sent there.
   *
   * @param isForGood such a request never can be; else all connections are taken
   * @returns what follows; null: nothing does
   */
  passOver(isForGood: boolean, nowMs: number): Next | null {
    const { fallback_on } = this.#terms;
    if ((!isForGood && !fallback_on.includes('overloaded')) || nowMs >= this.deadlineMs)
      return null;
    const visit = this.#visits[this.#at] as Visit;
    visit.last ??= isForGood ? 'model_unavailable' : 'overloaded';
    if (this.#lastFailure !== null) return this.next(this.#lastFailure, nowMs);
    const index = this.#visits.findIndex(({ last }) => last === null);
    if (index === -1) return null;
    this.#at = index;
    return { deployment: (this.#visits[index] as Visit).deployment, waitMs: 0 };
  }

  /** Another candidate may be asked for a better answer than that of the running attempt. */
  get mayEscalate(): boolean {
    if (performance.now() >= this.deadlineMs) return false;
    return this.#visits.some(({ last }, index) => last === null && index !== this.#at);
  }

  /** Its answer was not good enough. @returns the next one that was not asked; null: there is none */
  escalate(): Next | null {
    (this.#visits[this.#at] as Visit).last = 'fell_short';
    const index = this.#visits.findIndex(({ last }) => last === null);
    if (index === -1) return null;
    this.#at = index;
    return { deployment: (this.#visits[index] as Visit).deployment, waitMs: 0 };
  }

  /** @returns what follows; null: nothing does */
  next(failure: FailureClass, nowMs: number): Next | null {
    this.#lastFailure = failure;
    const { fallback_on, retries } = this.#terms;
    const { retryBackoffMs, retryWaitMsMax } = this.#limits;
    const tried: readonly Tried[] = this.#visits;
    const terms = {
      fallbackOn: fallback_on,
      retriesLeft: retries - this.#retries,
      deadlineMs: this.deadlineMs,
      backoffMs: retryBackoffMs,
      waitMsMax: retryWaitMsMax,
    };
    const next = nextAttempt(failure, tried, terms, this.#retries, nowMs, this.#random());
    if (next === null) return null;
    const visit = this.#visits[next.index] as Visit;
    if (visit.last !== null) this.#retries++;
    this.#at = next.index;
    return { deployment: visit.deployment, waitMs: next.waitMs };
  }
}

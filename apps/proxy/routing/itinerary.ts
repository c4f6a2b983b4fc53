/**
 * The attempts of one routed call (docs/design.md, Route): where each goes, and what is learned from how it
 * ended. `domain/routing` decides; this remembers what was tried.
 */
import type { BreakerLimits } from '@tollgate/domain/routing/breaker.ts';
import { nextAttempt, type Tried } from '@tollgate/domain/routing/failure.ts';
import type { FailureClass, RouteTerms } from '@tollgate/domain/routing/route.ts';
import type { Deployment } from './deployments.ts';
import type { DeploymentHealth } from './route-health.ts';

export type ItineraryLimits = BreakerLimits & {
  failureLatencyMs: number;
  retryBackoffMs: number;
  retryWaitMsMax: number;
};

export type Stop = { deployment: Deployment; health: DeploymentHealth };

/** How an attempt ended. `nothing`: it says nothing of its deployment, such as a client that left. */
export type StopEnd = {
  failure: FailureClass | 'nothing' | null;
  /** Of a provider that says when it serves again; null: it does not. */
  retryAfterMs: number | null;
  tookMs: number;
};

type Visit = Stop & { last: FailureClass | null; readyAtMs: number };

export class Itinerary {
  /** performance.now() by which the call must have ended. */
  readonly deadlineMs: number;
  readonly #terms: Pick<RouteTerms, 'fallback_on' | 'retries'>;
  readonly #limits: ItineraryLimits;
  readonly #visits: readonly Visit[];
  readonly #random: () => number;
  #at = 0;
  #retries = 0;
  /** The error of one server may be that request's at any: a second one proves nothing. */
  #hasServerError = false;

  /**
   * @param stops in the order in which they are tried; at least one
   * @param arrivedAtMs performance.now() when the call came
   */
  constructor(
    stops: readonly Stop[],
    terms: Pick<RouteTerms, 'fallback_on' | 'retries' | 'timeout_ms'>,
    limits: ItineraryLimits,
    arrivedAtMs: number,
    random: () => number = Math.random,
  ) {
    this.#visits = stops.map((stop) => ({ ...stop, last: null, readyAtMs: 0 }));
    this.#terms = terms;
    this.#limits = limits;
    this.#random = random;
    this.deadlineMs = arrivedAtMs + (terms.timeout_ms ?? Number.POSITIVE_INFINITY);
  }

  get first(): Deployment {
    return (this.#visits[0] as Visit).deployment;
  }

  /** What comes of the running attempt may still be replaced by another's. */
  get mayGoOn(): boolean {
    if (this.#retries < this.#terms.retries) return true;
    return this.#visits.some(({ last }, index) => last === null && index !== this.#at);
  }

  sent(nowMs: number): void {
    const { breaker, latency } = (this.#visits[this.#at] as Visit).health;
    breaker.sent(nowMs);
    latency.started();
  }

  ended({ failure, retryAfterMs, tookMs }: StopEnd, nowMs: number): void {
    const visit = this.#visits[this.#at] as Visit;
    const { breaker, latency } = visit.health;
    if (failure === 'nothing') {
      breaker.saidNothing();
      return latency.ended(null, nowMs);
    }
    if (failure === null) {
      breaker.succeeded();
      return latency.ended(tookMs, nowMs);
    }
    latency.ended(Math.max(tookMs, this.#limits.failureLatencyMs), nowMs);
    visit.last = failure;
    visit.readyAtMs = retryAfterMs === null ? 0 : nowMs + retryAfterMs;
    const isOfServer = failure === 'server_error';
    if (isOfServer && this.#hasServerError) breaker.saidNothing();
    else breaker.failed(failure, retryAfterMs, nowMs);
    this.#hasServerError ||= isOfServer;
  }

  /** Nobody could be sent there for want of a connection. @returns the next one; null: there is none */
  passOver(nowMs: number): Deployment | null {
    if (!this.#terms.fallback_on.includes('overloaded') || nowMs >= this.deadlineMs) return null;
    const visit = this.#visits[this.#at] as Visit;
    visit.last ??= 'overloaded';
    const index = this.#visits.findIndex(({ last }) => last === null);
    if (index === -1) return null;
    this.#at = index;
    return (this.#visits[index] as Visit).deployment;
  }

  /** @returns what follows; null: nothing does */
  next(failure: FailureClass, nowMs: number): { deployment: Deployment; waitMs: number } | null {
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

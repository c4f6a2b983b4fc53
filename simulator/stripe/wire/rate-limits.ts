/** Requests a second, in all and by endpoint: docs.stripe.com/rate-limits (25 and 25 in a sandbox). */
import type { StripeClock } from '../clock.ts';

export interface Rates {
  readonly perSecond: number;
  readonly perEndpoint: number;
}

export class RateLimits {
  readonly #clock: StripeClock;
  readonly #rates: Rates | undefined;
  #second = 0;
  #counts = new Map<string, number>();

  constructor(clock: StripeClock, rates: Rates | undefined) {
    this.#clock = clock;
    this.#rates = rates;
  }

  /** The limit that this request exceeds, as `stripe-rate-limited-reason` names it. */
  exceeded(endpoint: string): 'global-rate' | 'endpoint-rate' | undefined {
    if (this.#rates === undefined) return undefined;
    const second = Math.floor(this.#clock.nowMs() / 1_000);
    if (second !== this.#second) this.#counts = new Map();
    this.#second = second;
    if (this.#count('all') > this.#rates.perSecond) return 'global-rate';
    return this.#count(endpoint) > this.#rates.perEndpoint ? 'endpoint-rate' : undefined;
  }

  #count(name: string): number {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count;
  }
}

/**
 * Whether a deployment is worth a try (docs/design.md, Route): closed, it is; open, it is left alone until
 * its cool-down has passed; then one call tries it, and what that comes to decides. Time is an argument.
 */
import type { FailureClass } from './route.ts';

export type BreakerLimits = {
  /** So many failures in a row open it. */
  breakerFailures: number;
  /** The first cool-down; each one that follows without a success is twice as long. */
  coolDownMs: number;
  coolDownMsMax: number;
};

/** Nobody has to fail often to prove these: an account that is not accepted, or over its limit. */
const OPENS_AT_ONCE: ReadonlySet<FailureClass> = new Set(['unauthorized', 'rate_limited']);
/** What the request is to blame for, or may be. */
const OF_THE_REQUEST: ReadonlySet<FailureClass> = new Set([
  ...(['model_unavailable', 'context_window', 'content_policy'] as const),
]);

export class Breaker {
  readonly #limits: BreakerLimits;
  #failures = 0;
  /** Cool-downs in a row. */
  #opened = 0;
  #openUntilMs = 0;
  /** Until when nobody else may try it, because somebody does; 0: nobody does. */
  #triedUntilMs = 0;

  constructor(limits: BreakerLimits) {
    this.#limits = limits;
  }

  /** When it may be tried; the past: now. */
  get openUntilMs(): number {
    return Math.max(this.#openUntilMs, this.#triedUntilMs);
  }

  isOpen(nowMs: number): boolean {
    return this.#opened > 0 && nowMs < this.openUntilMs;
  }

  /** An attempt is sent: of one that was open, it is the only one until it has ended. */
  sent(nowMs: number): void {
    if (this.#opened > 0) this.#triedUntilMs = nowMs + this.#coolDownMs();
  }

  succeeded(): void {
    this.#failures = 0;
    this.#opened = 0;
    this.#triedUntilMs = 0;
    this.#openUntilMs = 0;
  }

  /** It came to nothing that says how the deployment is: another may try. */
  saidNothing(): void {
    this.#triedUntilMs = 0;
  }

  /** @param retryAfterMs when the provider says that it will serve again; null: it does not say */
  failed(failure: FailureClass, retryAfterMs: number | null, nowMs: number): void {
    if (OF_THE_REQUEST.has(failure)) return this.saidNothing();
    this.#failures++;
    const wasTried = this.#opened > 0;
    const opens = OPENS_AT_ONCE.has(failure) || this.#failures >= this.#limits.breakerFailures;
    if (!wasTried && !opens) return;
    // Those that were sent before it opened say nothing new.
    if (wasTried && nowMs < this.#openUntilMs) return;
    this.#opened++;
    this.#triedUntilMs = 0;
    const coolDownMs = Math.max(this.#coolDownMs(), retryAfterMs ?? 0);
    this.#openUntilMs = nowMs + Math.min(coolDownMs, this.#limits.coolDownMsMax);
  }

  #coolDownMs(): number {
    const { coolDownMs, coolDownMsMax } = this.#limits;
    return Math.min(coolDownMs * 2 ** Math.max(0, this.#opened - 1), coolDownMsMax);
  }
}

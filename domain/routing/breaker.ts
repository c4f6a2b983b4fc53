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
export const OF_THE_REQUEST: ReadonlySet<FailureClass> = new Set([
  ...(['model_unavailable', 'context_window', 'content_policy'] as const),
]);

const NOTHING = (): void => undefined;

export class Breaker {
  readonly #limits: BreakerLimits;
  #failures = 0;
  /** Cool-downs in a row. */
  #opened = 0;
  #openUntilMs = 0;
  /** How often it has opened, ever: what was sent before it opened last says nothing new. */
  #generation = 0;
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

  /**
   * An attempt is sent: of one that was open, it is the only one until it has ended.
   *
   * @returns told again when it has ended
   */
  sent(nowMs: number): number {
    if (this.#opened > 0) this.#triedUntilMs = nowMs + this.#coolDownMs();
    return this.#generation;
  }

  succeeded(sentIn: number): void {
    // seam: answer-of-before-closes-nothing
    if (sentIn !== this.#generation) return;
    this.#failures = 0;
    this.#opened = 0;
    this.#triedUntilMs = 0;
    this.#openUntilMs = 0;
  }

  /** It came to nothing that says how the deployment is: another may try. */
  saidNothing(sentIn: number): void {
    if (sentIn === this.#generation) this.#triedUntilMs = 0;
  }

  /**
   * @param retryAfterMs when the provider says that it will serve again; null: it does not say
   * @returns takes it back, once: it was not the deployment's fault
   */
  failed(
    failure: FailureClass,
    retryAfterMs: number | null,
    nowMs: number,
    sentIn: number,
  ): () => void {
    if (sentIn !== this.#generation) return NOTHING;
    if (OF_THE_REQUEST.has(failure)) {
      this.saidNothing(sentIn);
      return NOTHING;
    }
    this.#failures++;
    const wasTried = this.#opened > 0;
    const opens = OPENS_AT_ONCE.has(failure) || this.#failures >= this.#limits.breakerFailures;
    if (!wasTried && !opens) return () => this.#uncount();
    const before = { opened: this.#opened, openUntilMs: this.#openUntilMs };
    this.#opened++;
    this.#generation++;
    this.#triedUntilMs = 0;
    const coolDownMs = Math.max(this.#coolDownMs(), retryAfterMs ?? 0);
    const openUntilMs = nowMs + Math.min(coolDownMs, this.#limits.coolDownMsMax);
    this.#openUntilMs = openUntilMs;
    return () => {
      this.#uncount();
      // A later failure may have opened it again, or an answer closed it.
      if (this.#openUntilMs !== openUntilMs) return;
      this.#generation--;
      this.#opened = before.opened;
      this.#openUntilMs = before.openUntilMs;
    };
  }

  #uncount(): void {
    this.#failures = Math.max(0, this.#failures - 1);
  }

  #coolDownMs(): number {
    const { coolDownMs, coolDownMsMax } = this.#limits;
    return Math.min(coolDownMs * 2 ** Math.max(0, this.#opened - 1), coolDownMsMax);
  }
}

/**
 * Idempotency keys as docs.stripe.com/api/idempotent_requests has them: the first request's status and
 * body are saved once its execution has begun, a 500 too, and answered again for a day; refused
 * parameters and conflicts are not saved.
 */
import type { StripeClock } from '../clock.ts';
import { stripeLimits } from '../limits.ts';
import { invalid, StripeError } from './stripe-error.ts';

export interface Saved {
  readonly status: number;
  readonly body: string;
  readonly requestId: string;
}
interface Entry {
  readonly path: string;
  readonly params: string;
  readonly atMs: number;
  saved: Saved | undefined;
}

export class IdempotencyKeys {
  readonly #clock: StripeClock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: StripeClock) {
    this.#clock = clock;
  }

  /** The saved answer, or undefined where this request is the first; throws where it may not run. */
  recall(key: string, path: string, params: string): Saved | undefined {
    if (key.length > stripeLimits.idempotencyKeyCharsMax) {
      throw invalid(
        `Idempotency keys can be at most ${stripeLimits.idempotencyKeyCharsMax} characters.`,
      );
    }
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry)) return undefined;
    const type = 'idempotency_error';
    const advice = `Try using a key other than '${key}' if you meant to execute a different request.`;
    if (entry.path !== path) {
      throw new StripeError(
        400,
        `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs '${entry.path}'). ${advice}`,
        { type },
      );
    }
    if (entry.params !== params) {
      throw new StripeError(
        400,
        `Keys for idempotent requests can only be used with the same parameters they were first used with. ${advice}`,
        { type },
      );
    }
    if (entry.saved !== undefined) return entry.saved;
    throw new StripeError(
      409,
      `There is currently another in-progress request using this Stripe Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. If you haven't submitted twice, contact us.`,
      { type, code: 'idempotency_key_in_use' },
    );
  }

  begin(key: string, path: string, params: string): void {
    this.#entries.set(key, { path, params, atMs: this.#clock.nowMs(), saved: undefined });
  }

  save(key: string, saved: Saved): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.saved = saved;
  }

  #expired(entry: Entry): boolean {
    return this.#clock.nowMs() - entry.atMs >= stripeLimits.idempotencyKeyMs;
  }
}

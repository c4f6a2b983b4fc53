/** The pause after a failure: doubled each time, up to a stated bound. The only place that doubles. */

/** ms */
export type BackoffMs = { readonly first: number; readonly max: number };

export class Backoff {
  readonly #bounds: BackoffMs;
  readonly #random: () => number;
  #nextMs: number;

  /**
   * @param random Math.random spreads the pauses of many processes over the upper half of each
   *   pause, so that they do not all come back at once; default: no spread
   * @throws RangeError if the bounds are not 0 < first ≤ max
   */
  constructor(bounds: BackoffMs, random: () => number = () => 1) {
    const { first, max } = bounds;
    if (!(first > 0 && first <= max))
      throw new RangeError(`no back-off from ${first} to ${max} ms`);
    this.#bounds = bounds;
    this.#random = random;
    this.#nextMs = first;
  }

  /** How long to pause now, ms. For a caller that looks at its deadline first; else `pause`. */
  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, this.#bounds.max);
    return pauseMs * (0.5 + this.#random() / 2);
  }

  /** After a success: the next pause is the first one again. */
  reset(): void {
    this.#nextMs = this.#bounds.first;
  }

  /** Resolves after the pause, or at once when the signal aborts. */
  pause(signal?: AbortSignal): Promise<void> {
    return pause(this.next(), signal);
  }
}

/** Resolves after this time, or at once when the signal aborts; leaves nothing behind. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

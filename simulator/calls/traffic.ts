/** Counts running calls and streams, within bounds, and tells them when the simulator drains. */
import { setMaxListeners } from 'node:events';
import { ApiError } from '../http/openai-error.ts';
import { limits } from '../limits.ts';

const bounds = { calls: limits.concurrentCallsMax, streams: limits.concurrentStreamsMax };

export class Traffic {
  readonly #stop = new AbortController();
  readonly #running = { calls: 0, streams: 0 };
  readonly #unbilled = new Map<number, number>();
  #refused = 0;
  #idle: (() => void) | undefined;

  constructor() {
    // One listener per stalled answer is expected, and bounded by the calls.
    setMaxListeners(bounds.calls, this.stopping);
  }

  /** Aborts when the simulator begins to drain. */
  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /** Throws 503, uncharged, when the bound is reached. */
  enter(kind: 'calls' | 'streams'): void {
    if (this.#running[kind] >= bounds[kind]) {
      this.#refused += 1;
      throw new ApiError(503, `The simulator serves ${bounds[kind]} ${kind} already.`, 'busy');
    }
    this.#running[kind] += 1;
  }

  leave(kind: 'calls' | 'streams'): void {
    this.#running[kind] -= 1;
    this.#checkIdle();
  }

  /** A steered failure that was not charged. */
  countUnbilled(status: number): void {
    this.#unbilled.set(status, (this.#unbilled.get(status) ?? 0) + 1);
  }

  /** Tells the calls to stop waiting; resolves when none is left, or after `waitMsMax`. */
  async drain(waitMsMax: number): Promise<void> {
    if (this.#running.calls > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMsMax);
        this.#idle = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#stop.abort();
      });
    }
    this.#stop.abort();
  }

  /** The body of `GET /sim/status`. */
  view(): object {
    return {
      calls_in_flight: this.#running.calls,
      streams_in_flight: this.#running.streams,
      refused_busy: this.#refused,
      unbilled_faults: Object.fromEntries(this.#unbilled),
    };
  }

  #checkIdle(): void {
    if (this.#running.calls === 0) this.#idle?.();
  }
}

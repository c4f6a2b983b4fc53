/**
 * Tries the locks of other instances when the proxy starts, and then at intervals (docs/design.md,
 * Settling and taking over).
 */
import { type TakenOver, type TakeoverDeps, takeOverDead } from './takeover.ts';

export class TakeoverLoop {
  readonly #deps: TakeoverDeps;
  readonly #everyMs: number;
  readonly #onTaken: (taken: TakenOver) => void;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: {
    deps: TakeoverDeps;
    everyMs: number;
    onTaken: (taken: TakenOver) => void;
    onError: (error: unknown) => void;
  }) {
    this.#deps = options.deps;
    this.#everyMs = options.everyMs;
    this.#onTaken = options.onTaken;
    this.#onError = options.onError;
  }

  /** Resolves after the first round; further rounds follow without a call. */
  async start(): Promise<void> {
    this.#running = this.#round();
    await this.#running;
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#round().then(() => this.#schedule());
    }, this.#everyMs);
  }

  async #round(): Promise<void> {
    try {
      await takeOverDead(this.#deps, this.#onTaken);
    } catch (error) {
      this.#onError(error);
    }
  }
}

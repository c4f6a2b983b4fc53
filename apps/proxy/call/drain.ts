/**
 * An answer that is read on although its client has left, so that its usage is the provider's own
 * figure (docs/design.md, Settle). Bounded in time and in what is generated meanwhile: nobody reads
 * it, and the customer pays for it. What reaches a bound is given up, and marked on its event.
 */
import type { ProxyLimits } from '../limits.ts';
import type { Deadlines } from './deadlines.ts';

export type DrainBound = 'seconds' | 'tokens';

export type DrainDeps = {
  /** Of `drainMsMax`. */
  drains: Deadlines;
  limits: Pick<ProxyLimits, 'drainTokensMax'>;
};

export class Drain {
  readonly #tokensEnd: number;
  readonly #giveUp: () => void;
  readonly #takeBack: () => void;
  #reached: DrainBound | null = null;

  /**
   * @param tokens that could be seen of the answer when its client left
   * @param giveUp ends the request at the provider
   */
  constructor({ drains, limits }: DrainDeps, tokens: number, giveUp: () => void) {
    this.#tokensEnd = tokens + limits.drainTokensMax;
    this.#giveUp = giveUp;
    this.#takeBack = drains.add(performance.now(), () => this.#reach('seconds'));
  }

  /** The bound at which it was given up; null: at none yet. */
  get reached(): DrainBound | null {
    return this.#reached;
  }

  /** @param tokens that can be seen of the answer by now */
  read(tokens: number): void {
    // seam: drain-has-a-bound
    if (tokens > this.#tokensEnd) this.#reach('tokens');
  }

  /** The answer has ended. */
  end(): void {
    this.#takeBack();
  }

  #reach(bound: DrainBound): void {
    if (this.#reached !== null) return;
    this.#takeBack();
    this.#reached = bound;
    this.#giveUp();
  }
}

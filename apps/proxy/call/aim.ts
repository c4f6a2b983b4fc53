/** Where a call goes now (docs/design.md, Route): what its answer may be of, and the way there. */
import type { Deployment } from '../routing/deployments.ts';
import type { Plan } from '../routing/router.ts';

export type Aim = {
  /** An answer of any of them is one that the call could get now. */
  readonly answerers: readonly Deployment[];
  /** Of a route that divides its calls: the part that this one is in; null: all are alike. */
  readonly part: string | null;
  readonly send: () => Promise<void>;
  /** Which of its answers is given is known only when it has ended: none is kept, or looked for. */
  readonly isUncached?: boolean;
};

/** Only what the cache is asked for is worked out. */
export class RoutedAim implements Aim {
  readonly send: () => Promise<void>;
  readonly #plan: Plan;

  constructor(plan: Plan, send: () => Promise<void>) {
    this.#plan = plan;
    this.send = send;
  }

  /**
   * A candidate that is left alone because it fails has answers that are as good as ever; one that the
   * request is too large for, or that the key may not use, has none for it.
   */
  get answerers(): readonly Deployment[] {
    const { stops, considered } = this.#plan;
    if (this.#divides) return stops.slice(0, 1).map(({ deployment }) => deployment);
    // seam: answer-is-of-an-able-candidate
    return considered.flatMap(({ deployment, refusal, lacks }) =>
      deployment !== null && refusal === null && lacks.every(({ isSure }) => !isSure)
        ? [deployment]
        : [],
    );
  }

  /** Who is compared with others is not given what the others got. */
  get part(): string | null {
    return this.#divides ? (this.#plan.stops[0]?.name ?? null) : null;
  }

  get isUncached(): boolean {
    return this.#plan.terms.strategy === 'cascade';
  }

  get #divides(): boolean {
    return this.#plan.terms.strategy === 'split';
  }
}

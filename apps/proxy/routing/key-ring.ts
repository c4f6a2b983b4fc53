/**
 * Several keys of one provider: whose turn it is, by weight, and which of them is left alone because the
 * provider refuses it or it is over its limit. Each cools down apart, so one bad key costs the calls of no
 * other (docs/design.md, Route). Of a provider with one key there is none of this.
 */
import { Breaker, type BreakerLimits } from '@tollgate/domain/routing/breaker.ts';

type Key = { name: string; weight: number; breaker: Breaker; turn: number };

/** What came back to a request that was sent with a key. */
export type KeyAnswer = {
  /** Null: none came. */
  status: number | null;
  /** It is about what the request says, whatever its status. */
  isAboutRequest: boolean;
  /** When the provider serves it again, ms; null: it does not say. */
  retryAfterMs: number | null;
};

/** Not of the request: the key, its account or its limit. */
const UNAUTHORIZED = new Set([401, 402, 403, 407]);
const RATE_LIMITED = 429;

/** Whether another key may fare better; nothing of such an answer is billed. */
export function isOfKey({ status, isAboutRequest }: Omit<KeyAnswer, 'retryAfterMs'>): boolean {
  if (status === null || isAboutRequest) return false;
  return UNAUTHORIZED.has(status) || status === RATE_LIMITED;
}

/** One request's use of a key. */
export class KeyUse {
  readonly name: string;
  readonly index: number;
  readonly #ring: KeyRing;
  readonly #breaker: Breaker;
  readonly #sentIn: number;

  constructor(ring: KeyRing, index: number, { name, breaker }: Key, nowMs: number) {
    this.name = name;
    this.index = index;
    this.#ring = ring;
    this.#breaker = breaker;
    this.#sentIn = breaker.sent(nowMs);
  }

  ended(answer: KeyAnswer, nowMs: number): void {
    const { status, retryAfterMs } = answer;
    // seam: key-cools-down-apart
    if (isOfKey(answer)) {
      const failure = status === RATE_LIMITED ? 'rate_limited' : 'unauthorized';
      this.#breaker.failed(failure, retryAfterMs, nowMs, this.#sentIn);
    } else if (status !== null && status < 500) this.#breaker.succeeded(this.#sentIn);
    else this.#breaker.saidNothing(this.#sentIn);
  }

  /** Another key of the same provider may be used now. */
  hasOther(nowMs: number): boolean {
    return this.#ring.hasReadyBesides(this.index, nowMs);
  }
}

export class KeyRing {
  readonly #keys: readonly Key[];

  /** @param keys in the order of the provider's upstream; at least two */
  constructor(keys: readonly { name: string | null; weight: number }[], limits: BreakerLimits) {
    this.#keys = keys.map(({ name, weight }) => {
      return { name: name ?? '', weight, breaker: new Breaker(limits), turn: 0 };
    });
  }

  get size(): number {
    return this.#keys.length;
  }

  hasReadyBesides(index: number, nowMs: number): boolean {
    return this.#keys.some(({ breaker }, at) => at !== index && !breaker.isOpen(nowMs));
  }

  /**
   * In turn by weight, spread evenly, of those that are not left alone. Of none such: the one that is back
   * first, since the provider is to say no, not this gateway.
   */
  take(nowMs: number): KeyUse {
    let chosen = -1;
    let [soonest, weights] = [0, 0];
    for (const [index, key] of this.#keys.entries()) {
      const { breaker } = key;
      if (breaker.openUntilMs < (this.#keys[soonest] as Key).breaker.openUntilMs) soonest = index;
      // seam: cooling-key-is-not-used
      if (breaker.isOpen(nowMs)) continue;
      key.turn += key.weight;
      weights += key.weight;
      if (chosen === -1 || key.turn > (this.#keys[chosen] as Key).turn) chosen = index;
    }
    const index = chosen === -1 ? soonest : chosen;
    const key = this.#keys[index] as Key;
    if (chosen !== -1) key.turn -= weights;
    return new KeyUse(this, index, key, nowMs);
  }
}

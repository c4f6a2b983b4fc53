/** The rate limits in force, by the keys whose calls they bind. */
import { evolveRateLimit, type RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import type {
  RateLimitEvent,
  RateLimitScope,
} from '@tollgate/domain/rate-limit/rate-limit-events.ts';

type KeyOnPath = {
  readonly keyId: string;
  readonly teamId: string | null;
  readonly customerId: string;
};

const NO_LIMITS: readonly RateLimit[] = [];

export class RateLimitsView {
  readonly #limits = new Map<string, RateLimit>();
  readonly #ofOwner = new Map<string, RateLimit[]>();
  readonly #ofKey = new Map<string, readonly RateLimit[]>();

  /** All live limits on the key's path; all of them must pass. Those of models are among them. */
  of(key: KeyOnPath): readonly RateLimit[] {
    if (this.#ofOwner.size === 0) return NO_LIMITS;
    const known = this.#ofKey.get(key.keyId);
    if (known !== undefined) return known;
    const owners = [`key:${key.keyId}`, `team:${key.teamId}`, `customer:${key.customerId}`];
    const limits = owners.flatMap((owner) => this.#ofOwner.get(owner) ?? NO_LIMITS);
    const found = limits.length === 0 ? NO_LIMITS : limits;
    this.#ofKey.set(key.keyId, found);
    return found;
  }

  apply(event: RateLimitEvent): void {
    const id = event.data.rate_limit_id;
    const limit = evolveRateLimit(this.#limits.get(id), event);
    const owner = ownerOf(limit.scope);
    const others = (this.#ofOwner.get(owner) ?? []).filter((one) => one.rate_limit_id !== id);
    const live = limit.archived ? others : [...others, limit];
    this.#limits.set(id, limit);
    if (live.length === 0) this.#ofOwner.delete(owner);
    else this.#ofOwner.set(owner, live);
    this.#ofKey.clear();
  }
}

/** Whose calls a scope is about. */
function ownerOf(scope: RateLimitScope): string {
  switch (scope.type) {
    case 'key':
    case 'key_model':
      return `key:${scope.id}`;
    case 'team':
    case 'customer':
      return `${scope.type}:${scope.id}`;
    case 'end_user':
      return `${scope.of}:${scope.id}`;
    default:
      return scope satisfies never;
  }
}

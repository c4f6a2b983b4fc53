/**
 * What a new key gets where its request says nothing: of its customer, and where that says nothing,
 * of the installation. They are worked out when the key is issued, and are its own from then on.
 */
import type { BudgetDefined } from '../budget/budget-events.ts';
import type { RateLimitDefined, RateLimitScope } from '../rate-limit/rate-limit-events.ts';
import type { ModelLists } from '../routing/model-access.ts';
import type { DisconnectPolicy } from './key-events.ts';

/** A budget that each new key gets one of. */
export type DefaultBudget = Omit<BudgetDefined['data'], 'budget_id' | 'scope' | 'time_zone'> & {
  /** Null: the zone of the key's customer. */
  time_zone: string | null;
};

/** A scope that is about one key, without the key. */
export type DefaultRateScope =
  | { type: 'key' }
  | { type: 'end_user' }
  | { type: 'key_model'; model: string };

/** A rate limit that each new key gets one of. */
export type DefaultRateLimit = Omit<RateLimitDefined['data'], 'rate_limit_id' | 'scope'> & {
  scope: DefaultRateScope;
};

/** What is absent is not said, which is not the same as said to be nothing. */
export type KeyDefaults = Partial<ModelLists> & {
  tags?: Record<string, string>;
  on_disconnect?: DisconnectPolicy;
  end_user_required?: boolean;
  /** Null: keys do not expire. */
  expires_in_seconds?: number | null;
  budgets?: DefaultBudget[];
  rate_limits?: DefaultRateLimit[];
};

/** Each member is the customer's, if it has it. Tags are taken one by one, for the same reason. */
export function keyDefaultsOf(
  installation: KeyDefaults | null,
  customer: KeyDefaults | null,
): KeyDefaults {
  const merged = { ...installation, ...customer };
  const tags = { ...installation?.tags, ...customer?.tags };
  return Object.keys(tags).length === 0 ? merged : { ...merged, tags };
}

/** What a request may say of a key. */
export type AskedOfKey = Partial<ModelLists> & {
  tags?: Record<string, string>;
  on_disconnect?: DisconnectPolicy;
  end_user_required?: boolean;
  expires_at?: string | null;
};

type KeyTerms = Partial<ModelLists> & {
  tags: Record<string, string>;
  on_disconnect: DisconnectPolicy;
  /** Absent: nobody said so, and they are not. */
  end_user_required?: boolean;
  /** RFC 3339, or null for no expiry. */
  expires_at: string | null;
};

/** What the request says, else the defaults. @param atMs when the key is issued */
export function termsOfKey(asked: AskedOfKey, defaults: KeyDefaults, atMs: number): KeyTerms {
  const { expires_in_seconds = null } = defaults;
  const endUserRequired = asked.end_user_required ?? defaults.end_user_required;
  const endsAt =
    expires_in_seconds === null ? null : new Date(atMs + expires_in_seconds * 1_000).toISOString();
  return {
    ...listsOf(defaults),
    ...listsOf(asked),
    tags: { ...defaults.tags, ...asked.tags },
    on_disconnect: asked.on_disconnect ?? defaults.on_disconnect ?? 'drain',
    ...(endUserRequired === undefined ? {} : { end_user_required: endUserRequired }),
    expires_at: asked.expires_at === undefined ? endsAt : asked.expires_at,
  };
}

function listsOf({ allowed_models, denied_models }: Partial<ModelLists>): Partial<ModelLists> {
  return {
    ...(allowed_models === undefined ? {} : { allowed_models }),
    ...(denied_models === undefined ? {} : { denied_models }),
  };
}

export function scopeOfKey(scope: DefaultRateScope, keyId: string): RateLimitScope {
  switch (scope.type) {
    case 'key':
      return { type: 'key', id: keyId };
    case 'end_user':
      return { type: 'end_user', of: 'key', id: keyId };
    case 'key_model':
      return { type: 'key_model', id: keyId, model: scope.model };
    default:
      return scope satisfies never;
  }
}

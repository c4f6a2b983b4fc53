/** Life of a virtual key: the fold of `key-<id>` and what may happen to it. */
import { ANY_MODEL, type ModelLists } from '../routing/model-access.ts';
import type {
  KeyArchived,
  KeyDigest,
  KeyEvent,
  KeyIssued,
  KeyResumed,
  KeyRotated,
  KeySuspended,
  KeyUpdated,
} from './key-events.ts';

export type KeyState = Omit<KeyIssued['data'], 'hash' | 'pepper_version'> &
  ModelLists & {
    default_budget_ids: string[];
    default_rate_limit_ids: string[];
    end_user_required: boolean;
    payload_log: boolean;
    /** Oldest first; the last is the current one. */
    digests: (KeyDigest & {
      /** RFC 3339; null while it is the current one. */
      valid_until: string | null;
    })[];
    revoked: boolean;
    revoke_reason: string | null;
    suspended: boolean;
    suspend_reason: string | null;
    archived: boolean;
  };

const NO_DEFAULTS = { default_budget_ids: [], default_rate_limit_ids: [] };
const ASKS_NOTHING = { end_user_required: false, payload_log: false };
const UNTOUCHED = {
  revoked: false,
  revoke_reason: null,
  suspended: false,
  suspend_reason: null,
  archived: false,
} as const;

/** @param state undefined before the first event */
export function evolveKey(state: KeyState | undefined, event: KeyEvent): KeyState {
  if (event.type === 'KeyIssued') {
    const { hash, pepper_version, ...issued } = event.data;
    const digests = [{ hash, pepper_version, valid_until: null }];
    return { ...ANY_MODEL, ...NO_DEFAULTS, ...ASKS_NOTHING, ...issued, digests, ...UNTOUCHED };
  }
  if (state === undefined) throw new Error(`${event.type} before KeyIssued`);
  switch (event.type) {
    case 'KeyRotated': {
      const { hash, pepper_version, last_four, previous_valid_until } = event.data;
      // No old secret outlives its replacement, so a rotation without overlap ends all of them.
      const earlier = state.digests.map((digest) => ({
        ...digest,
        valid_until: earlierOf(digest.valid_until, previous_valid_until),
      }));
      const digests = [...earlier, { hash, pepper_version, valid_until: null }];
      return { ...state, last_four, digests };
    }
    case 'KeyRevoked':
      return { ...state, revoked: true, revoke_reason: event.data.reason };
    case 'KeyUpdated':
      return { ...state, ...event.data };
    case 'KeySuspended':
      return { ...state, suspended: true, suspend_reason: event.data.reason };
    case 'KeyResumed':
      return { ...state, suspended: false, suspend_reason: null };
    case 'KeyArchived':
      return { ...state, archived: true };
    default:
      return event satisfies never;
  }
}

export type KeyStatus = 'active' | 'suspended' | 'expired' | 'revoked' | 'archived';

/** Where several are true, what an operator decided comes first. */
export function keyStatus(state: KeyState, atMs: number): KeyStatus {
  if (state.archived) return 'archived';
  if (state.revoked) return 'revoked';
  if (state.suspended) return 'suspended';
  return isExpired(state, atMs) ? 'expired' : 'active';
}

function isExpired({ expires_at: end }: KeyState, atMs: number): boolean {
  return end !== null && atMs >= Temporal.Instant.from(end).epochMilliseconds;
}

export type KeyRefusal = {
  refused: 'key_not_found' | 'key_revoked' | 'key_expired' | 'key_archived';
};

/**
 * A suspended key can be rotated: its new secret works when it is resumed.
 *
 * @param rotation the new digest, and until when the old secret works
 */
export function decideRotateKey(
  state: KeyState | undefined,
  rotation: Omit<KeyRotated['data'], 'key_id'>,
  atMs: number,
): KeyRotated | KeyRefusal {
  const key = liveOrRefused(state);
  if ('refused' in key) return key;
  if (isExpired(key, atMs)) return { refused: 'key_expired' };
  return { type: 'KeyRotated', data: { ...rotation, key_id: key.key_id } };
}

/** Of two RFC 3339 texts in UTC with milliseconds; null is never. */
function earlierOf(a: string | null, b: string): string {
  return a !== null && a < b ? a : b;
}

/** Of a key that is not put away for good; one that has expired can be given a later end. */
function liveOrRefused(state: KeyState | undefined): KeyState | KeyRefusal {
  if (state === undefined) return { refused: 'key_not_found' };
  if (state.archived) return { refused: 'key_archived' };
  return state.revoked ? { refused: 'key_revoked' } : state;
}

/** @param change what is to be different, and nothing else */
export function decideUpdateKey(
  state: KeyState | undefined,
  change: Omit<KeyUpdated['data'], 'key_id'>,
): KeyUpdated | KeyRefusal {
  const key = liveOrRefused(state);
  if ('refused' in key) return key;
  return { type: 'KeyUpdated', data: { ...change, key_id: key.key_id } };
}

/** Suspending a suspended key changes nothing. */
export function decideSuspendKey(
  state: KeyState | undefined,
  reason: string | null,
): KeySuspended | null | KeyRefusal {
  const key = liveOrRefused(state);
  if ('refused' in key) return key;
  if (key.suspended) return null;
  return { type: 'KeySuspended', data: { key_id: key.key_id, reason } };
}

/** Resuming a key that is not suspended changes nothing. */
export function decideResumeKey(state: KeyState | undefined): KeyResumed | null | KeyRefusal {
  const key = liveOrRefused(state);
  if ('refused' in key) return key;
  return key.suspended ? { type: 'KeyResumed', data: { key_id: key.key_id } } : null;
}

export function decideArchiveKey(state: KeyState | undefined): KeyArchived | KeyRefusal {
  if (state === undefined) return { refused: 'key_not_found' };
  if (state.archived) return { refused: 'key_archived' };
  return { type: 'KeyArchived', data: { key_id: state.key_id } };
}

/** Revoking a key that is revoked or archived changes nothing. */
export function decideRevokeKey(
  state: KeyState | undefined,
  reason: string | null,
): KeyEvent | null | KeyRefusal {
  if (state === undefined) return { refused: 'key_not_found' };
  if (state.revoked || state.archived) return null;
  return { type: 'KeyRevoked', data: { key_id: state.key_id, reason } };
}

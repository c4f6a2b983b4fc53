/** Life of a virtual key: the fold of `key-<id>` and what may happen to it. */
import type { KeyDigest, KeyEvent, KeyIssued, KeyRotated } from './key-events.ts';

export type KeyState = Omit<KeyIssued['data'], 'hash' | 'pepper_version'> & {
  /** Oldest first; the last is the current one. */
  digests: (KeyDigest & {
    /** RFC 3339; null while it is the current one. */
    valid_until: string | null;
  })[];
  revoked: boolean;
  revoke_reason: string | null;
};

/** @param state undefined before the first event */
export function evolveKey(state: KeyState | undefined, event: KeyEvent): KeyState {
  if (event.type === 'KeyIssued') {
    const { hash, pepper_version, ...issued } = event.data;
    const digests = [{ hash, pepper_version, valid_until: null }];
    return { ...issued, digests, revoked: false, revoke_reason: null };
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
    default:
      return event satisfies never;
  }
}

export type KeyStatus = 'active' | 'expired' | 'revoked';

export function keyStatus(state: KeyState, atMs: number): KeyStatus {
  if (state.revoked) return 'revoked';
  if (
    state.expires_at !== null &&
    atMs >= Temporal.Instant.from(state.expires_at).epochMilliseconds
  )
    return 'expired';
  return 'active';
}

export type KeyRefusal = { refused: 'key_not_found' | 'key_revoked' | 'key_expired' };

/** @param rotation the new digest, and until when the old secret works */
export function decideRotateKey(
  state: KeyState | undefined,
  rotation: Omit<KeyRotated['data'], 'key_id'>,
  atMs: number,
): KeyRotated | KeyRefusal {
  if (state === undefined) return { refused: 'key_not_found' };
  const status = keyStatus(state, atMs);
  if (status !== 'active') return { refused: `key_${status}` };
  return { type: 'KeyRotated', data: { ...rotation, key_id: state.key_id } };
}

/** Of two RFC 3339 texts in UTC with milliseconds; null is never. */
function earlierOf(a: string | null, b: string): string {
  return a !== null && a < b ? a : b;
}

/** Revoking a revoked key changes nothing. */
export function decideRevokeKey(
  state: KeyState | undefined,
  reason: string | null,
): KeyEvent | null | KeyRefusal {
  if (state === undefined) return { refused: 'key_not_found' };
  if (state.revoked) return null;
  return { type: 'KeyRevoked', data: { key_id: state.key_id, reason } };
}

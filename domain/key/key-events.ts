/** Stream `key-<id>`: a virtual key's life. The secret itself is never in an event (I12). */

import { streamCategory } from '../stream/stream-category.ts';

export const keyStreams = streamCategory('key');

/** What happens upstream when the client hangs up (docs/design.md, Settle). */
export type DisconnectPolicy = 'drain' | 'abort';

/** HMAC-SHA-256 of the whole key under a versioned pepper, lower-case hex. */
export type KeyDigest = { hash: string; pepper_version: number };

export type KeyIssued = {
  type: 'KeyIssued';
  data: KeyDigest & {
    key_id: string;
    customer_id: string;
    team_id: string | null;
    name: string;
    environment: string;
    tags: Record<string, string>;
    last_four: string;
    on_disconnect: DisconnectPolicy;
    /** RFC 3339, or null for no expiry. */
    expires_at: string | null;
  };
};

/** A new secret; the previous one works until `previous_valid_until`. */
export type KeyRotated = {
  type: 'KeyRotated';
  data: KeyDigest & { key_id: string; last_four: string; previous_valid_until: string };
};

export type KeyRevoked = { type: 'KeyRevoked'; data: { key_id: string; reason: string | null } };

export type KeyEvent = KeyIssued | KeyRotated | KeyRevoked;

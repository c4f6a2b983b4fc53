/** Stream `key-<id>`: a virtual key's life. The secret itself is never in an event (I12). */

import type { ModelLists } from '../routing/model-access.ts';
import { streamCategory } from '../stream/stream-category.ts';

export const keyStreams = streamCategory('key');

/** What happens upstream when the client hangs up (docs/design.md, Settle). */
export type DisconnectPolicy = 'drain' | 'abort';

/** HMAC-SHA-256 of the whole key under a versioned pepper, lower-case hex. */
export type KeyDigest = { hash: string; pepper_version: number };

export type KeyIssued = {
  type: 'KeyIssued';
  data: KeyDigest &
    Partial<ModelLists> & {
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
      /** Budgets and rate limits that were made for it before it; absent: none. */
      default_budget_ids?: string[];
      default_rate_limit_ids?: string[];
      /** Its calls have to name their end users; absent: they need not. */
      end_user_required?: boolean;
      /** What its calls and their answers say is kept, where the installation keeps such; absent: not. */
      payload_log?: boolean;
    };
};

/** A new secret; the previous one works until `previous_valid_until`. */
export type KeyRotated = {
  type: 'KeyRotated';
  data: KeyDigest & { key_id: string; last_four: string; previous_valid_until: string };
};

export type KeyRevoked = { type: 'KeyRevoked'; data: { key_id: string; reason: string | null } };

/** Only what it names has changed. */
export type KeyUpdated = {
  type: 'KeyUpdated';
  data: Partial<ModelLists> & {
    key_id: string;
    name?: string;
    tags?: Record<string, string>;
    on_disconnect?: DisconnectPolicy;
    /** Null: it does not expire any more. */
    expires_at?: string | null;
    end_user_required?: boolean;
    payload_log?: boolean;
  };
};

/** Opens nothing until it is resumed. */
export type KeySuspended = {
  type: 'KeySuspended';
  data: { key_id: string; reason: string | null };
};

export type KeyResumed = { type: 'KeyResumed'; data: { key_id: string } };

/** Opens nothing any more, and is put away: what it has used stays. */
export type KeyArchived = { type: 'KeyArchived'; data: { key_id: string } };

export type KeyEvent =
  | KeyIssued
  | KeyRotated
  | KeyRevoked
  | KeyUpdated
  | KeySuspended
  | KeyResumed
  | KeyArchived;

/**
 * Who is calling (docs/design.md, Authenticate). A bad checksum is refused before any lookup; a key
 * is known by the HMAC of its text, never by the text (I12).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { parseKeySecret } from '@tollgate/domain/key/key-secret.ts';
import type { ErrorCode } from '../errors.ts';
import type { KeyView, LedgerView } from '../ledger-view/ledger-view.ts';

const BEARER = /^Bearer +(\S+) *$/i;
/** Digests that are remembered; the oldest goes first. About 200 bytes each. */
const DIGESTS_MAX = 10_000;

const CLOSED = {
  suspended: 'suspended_api_key',
  revoked: 'revoked_api_key',
  archived: 'archived_api_key',
} as const satisfies Record<Exclude<KeyView['state'], 'live'>, ErrorCode>;
const OWNER_GONE = { customer: 'customer_archived', team: 'team_archived' } as const;

export class Authenticator {
  readonly #directory: LedgerView;
  readonly #secrets: Secrets;
  /**
   * The digest of each key that was found, so that a busy key is hashed once. Each call asks again
   * whether the key is still good; a key that was not found is never remembered.
   */
  readonly #digests = new Map<string, string>();

  constructor(directory: LedgerView, secrets: Secrets) {
    this.#directory = directory;
    this.#secrets = secrets;
  }

  /** The key, or the code of the refusal. */
  authenticate(headers: IncomingHttpHeaders, nowMs: number): KeyView | ErrorCode {
    const secret = presentedKey(headers);
    if (secret === undefined) return 'missing_api_key';
    const known = this.#digests.get(secret);
    if (known === undefined && parseKeySecret(secret) === null) return 'malformed_api_key';
    const key =
      known === undefined ? this.#lookUp(secret, nowMs) : this.#directory.key(known, nowMs);
    if (key === undefined) return 'invalid_api_key';
    if (key === 'replaced') return 'revoked_api_key';
    if (key.state !== 'live') return CLOSED[key.state];
    if (nowMs >= key.expiresAtMs) return 'expired_api_key';
    const archived = this.#directory.archivedOwner(key);
    return archived === null ? key : OWNER_GONE[archived];
  }

  /** Newest pepper first: keys that were issued under an older one are found by it. */
  #lookUp(secret: string, nowMs: number): KeyView | 'replaced' | undefined {
    for (const version of this.#secrets.pepperVersions) {
      const { hash } = this.#secrets.digestKey(secret, version);
      const key = this.#directory.key(hash, nowMs);
      if (key === undefined) continue;
      this.#remember(secret, hash);
      return key;
    }
    return undefined;
  }

  #remember(secret: string, hash: string): void {
    if (this.#digests.size >= DIGESTS_MAX) {
      const oldest = this.#digests.keys().next();
      if (!oldest.done) this.#digests.delete(oldest.value);
    }
    this.#digests.set(secret, hash);
  }
}

/** Where the SDKs of each dialect put a key. */
const KEY_HEADERS = ['x-api-key', 'x-goog-api-key', 'api-key'] as const;

/** The secret that a request shows, whether it is one of ours or not; undefined: none. */
export function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) return BEARER.exec(authorization)?.[1];
  for (const name of KEY_HEADERS) {
    const apiKey = headers[name];
    if (typeof apiKey === 'string' && apiKey !== '') return apiKey;
  }
  return undefined;
}

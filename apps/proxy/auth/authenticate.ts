/**
 * Who is calling (design §7.1). A bad checksum is refused before any lookup; a key is known by the
 * HMAC of its text, never by the text (I12).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { parseKeySecret } from '@tollgate/domain/key/key-secret.ts';
import type { Directory, KeyView } from '../directory/directory.ts';
import type { ErrorCode } from '../errors.ts';

const BEARER = /^Bearer +(\S+) *$/i;

/** The key, or the code of the refusal. */
export function authenticate(
  headers: IncomingHttpHeaders,
  directory: Directory,
  secrets: Secrets,
  nowMs: number,
): KeyView | ErrorCode {
  const secret = presentedKey(headers);
  if (secret === undefined) return 'missing_api_key';
  if (parseKeySecret(secret) === null) return 'malformed_api_key';
  const key = lookUp(secret, directory, secrets, nowMs);
  if (key === undefined) return 'invalid_api_key';
  if (key === 'replaced' || key.revoked) return 'revoked_api_key';
  if (nowMs >= key.expiresAtMs) return 'expired_api_key';
  if (directory.isArchived(key.customerId)) return 'customer_archived';
  return key;
}

function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) return BEARER.exec(authorization)?.[1];
  const apiKey = headers['x-api-key'];
  return typeof apiKey === 'string' && apiKey !== '' ? apiKey : undefined;
}

/** Newest pepper first: keys that were issued under an older one are found by it. */
function lookUp(
  secret: string,
  directory: Directory,
  secrets: Secrets,
  nowMs: number,
): KeyView | 'replaced' | undefined {
  for (const version of secrets.pepperVersions) {
    const key = directory.key(secrets.digestKey(secret, version).hash, nowMs);
    if (key !== undefined) return key;
  }
  return undefined;
}

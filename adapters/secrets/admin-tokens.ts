/**
 * Tokens of the administration in the secrets file, as digests (I12): one that the first start makes,
 * and others by name that may expire. Each is in clear text once, in the answer of what made it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SecretsFile } from '@tollgate/schemas/secrets/secrets-file.ts';
import { syncPath } from '../files/sync-path.ts';
import { readSecretsFile, writeDurably } from './secrets-file.ts';

export type NamedToken = NonNullable<SecretsFile['admin_tokens']>[number];

export function newAdminToken(): { token: string; hash: string } {
  const token = `tgadm_${randomBytes(32).toString('base64url')}`;
  return { token, hash: createHash('sha256').update(token).digest('hex') };
}

/**
 * A first start that ended before it could show its token has lost it: this makes another in its place.
 *
 * @returns null: the token was shown
 * @throws Error if the file cannot be written
 */
export function replaceUnseenAdminToken(path: string): string | null {
  const file = readSecretsFile(path);
  if (file.admin_token_unseen !== true) return null;
  const { token, hash } = newAdminToken();
  replace(path, { ...file, admin_token_hash: hash });
  return token;
}

/** From now on the token stays. @throws Error if the file cannot be written */
export function adminTokenWasShown(path: string): void {
  const { admin_token_unseen: unseen, ...file } = readSecretsFile(path);
  if (unseen === true) replace(path, file);
}

/** @returns the new token; the one before it no longer works, those with names do */
export function resetAdminToken(path: string): string {
  const { admin_token_unseen: _, ...file } = readSecretsFile(path);
  const { token, hash } = newAdminToken();
  replace(path, { ...file, admin_token_hash: hash });
  return token;
}

export function namedAdminTokens(path: string): readonly NamedToken[] {
  return readSecretsFile(path).admin_tokens ?? [];
}

/** @returns the token; null: there is one of that name */
export function addAdminToken(path: string, given: Omit<NamedToken, 'hash'>): string | null {
  const file = readSecretsFile(path);
  const tokens = file.admin_tokens ?? [];
  if (tokens.some(({ name }) => name === given.name)) return null;
  const { token, hash } = newAdminToken();
  replace(path, { ...file, admin_tokens: [...tokens, { ...given, hash }] });
  return token;
}

/** @returns false: there is none of that name */
export function removeAdminToken(path: string, name: string): boolean {
  const file = readSecretsFile(path);
  const tokens = file.admin_tokens ?? [];
  const kept = tokens.filter((token) => token.name !== name);
  if (kept.length === tokens.length) return false;
  replace(path, { ...file, admin_tokens: kept });
  return true;
}

/** Readers see the file before or after, never half of it; its owner stays. */
function replace(path: string, file: SecretsFile): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  writeDurably(temporary, file, statSync(path));
  renameSync(temporary, path);
  syncPath(dirname(path));
}

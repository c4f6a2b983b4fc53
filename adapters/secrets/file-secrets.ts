/**
 * The installation's own secrets, in one file that only its owner can read. I12: virtual keys and
 * the admin token are kept as digests; the token is shown in clear text once, by the start that
 * made it.
 */
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { linkSync, mkdirSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { KeyDigest } from '@tollgate/domain/key/key-events.ts';
import type { SecretsFile } from '@tollgate/schemas/secrets/secrets-file.ts';
import { syncPath } from '../files/sync-path.ts';
import { newAdminToken as makeAdminToken } from './admin-tokens.ts';
import { sealWith, unsealWith } from './sealed.ts';
import { readSecretsFile, writeDurably } from './secrets-file.ts';

export type Secrets = {
  /** Newest first. A key that was issued under an older pepper is found by trying it. */
  readonly pepperVersions: readonly number[];
  /** In clear text if this call made it, else null: it cannot be read back. */
  readonly newAdminToken: string | null;
  /**
   * HMAC-SHA-256 of a virtual key.
   *
   * @param pepperVersion default: the newest
   * @throws Error if there is no pepper of that version
   */
  digestKey(secret: string, pepperVersion?: number): KeyDigest;
  /**
   * Compares in constant time. A token that an operator adds, resets or removes meanwhile is known
   * within a second.
   */
  isAdminToken(token: string): boolean;
  /** The same bytes for the same label, and unpredictable without the file. */
  deriveBytes(label: string, length: number): Uint8Array;
  /** For a secret that must be read again: another text each time, of no use without the file. */
  seal(label: string, secret: Uint8Array): string;
  /** @throws Error if it was sealed by another file, or under another label */
  unseal(label: string, sealed: string): Uint8Array;
};

/**
 * Opens the file, and makes it first if there is none. Any number of processes may do so at once:
 * one makes the file, and all of them read it.
 *
 * @throws Error if others can read the file, or if it is not what we wrote
 */
export function openSecrets(path: string): Secrets {
  const newAdminToken = makeFile(path);
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new Error(`${path} has mode ${mode.toString(8)}: others can read it; make it 600`);
  }
  return fromFile(path, newAdminToken);
}

function fromFile(path: string, newAdminToken: string | null): Secrets {
  const file = readSecretsFile(path);
  const newest = file.peppers[0] as SecretsFile['peppers'][number];
  const peppers = new Map(file.peppers.map((p) => [p.version, Buffer.from(p.key, 'base64')]));
  const derivationKey = Buffer.from(file.derivation_key, 'base64');
  const adminTokens = new AdminTokens(path, file);
  const deriveBytes = (label: string, length: number) =>
    new Uint8Array(hkdfSync('sha256', derivationKey, new Uint8Array(0), label, length));
  const sealingKey = deriveBytes(SEALING_LABEL, 32);
  return {
    pepperVersions: file.peppers.map((pepper) => pepper.version),
    newAdminToken,
    digestKey(secret, pepperVersion = newest.version) {
      const pepper = peppers.get(pepperVersion);
      if (pepper === undefined) throw new Error(`there is no pepper ${pepperVersion}`);
      const hash = createHmac('sha256', pepper).update(secret).digest('hex');
      return { hash, pepper_version: pepperVersion };
    },
    isAdminToken: (token) => adminTokens.has(token),
    deriveBytes,
    seal: (label, secret) => sealWith(sealingKey, label, secret),
    unseal: (label, sealed) => unsealWith(sealingKey, label, sealed),
  };
}

/** No label of a request begins so. */
const SEALING_LABEL = 'sealed secrets';

/** How long what was read counts before the file is looked at again, ms. */
const LOOK_EVERY_MS = 1_000;

class AdminTokens {
  readonly #path: string;
  #file: SecretsFile;
  /** Every change makes a new file. */
  #stamp: string | undefined;
  #lookedAtMs = performance.now();

  constructor(path: string, file: SecretsFile) {
    this.#path = path;
    this.#file = file;
    this.#stamp = stampOf(path);
  }

  has(token: string): boolean {
    this.#lookAgain();
    const given = sha256(token);
    const { admin_token_hash, admin_tokens = [] } = this.#file;
    const nowMs = Date.now();
    const valid = admin_tokens.filter(
      ({ expires_at }) => expires_at === null || Date.parse(expires_at) > nowMs,
    );
    return [admin_token_hash, ...valid.map(({ hash }) => hash)]
      .map((hash) => timingSafeEqual(given, Buffer.from(hash, 'hex')))
      .includes(true);
  }

  #lookAgain(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#lookedAtMs = nowMs;
    const stamp = stampOf(this.#path);
    // A file that is gone or away changes nothing: the tokens are those that were read last.
    if (stamp === undefined || stamp === this.#stamp) return;
    this.#file = readSecretsFile(this.#path);
    this.#stamp = stamp;
  }
}

function stampOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.ino} ${found.mtimeMs}`;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** @returns the admin token if this call made the file */
function makeFile(path: string): string | null {
  if (exists(path)) return null;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { token, hash } = makeAdminToken();
  const file: SecretsFile = {
    version: 1,
    peppers: [{ version: 1, key: randomBytes(32).toString('base64') }],
    derivation_key: randomBytes(32).toString('base64'),
    admin_token_hash: hash,
    admin_token_unseen: true,
  };
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  writeDurably(temporary, file);
  try {
    // A link either makes the whole file appear or fails: nobody reads half a file, and exactly one
    // process creates it.
    linkSync(temporary, path);
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw error;
  } finally {
    unlinkSync(temporary);
    syncPath(dirname(path));
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

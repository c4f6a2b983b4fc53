/** Reads and writes the secrets file; what makes one is `file-secrets.ts`. */
import {
  closeSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type SecretsFile, secretsFile } from '@tollgate/schemas/secrets/secrets-file.ts';

/** @throws Error if it is not there, or is not what we wrote */
export function readSecretsFile(path: string): SecretsFile {
  try {
    return secretsFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // The cause may quote the file, and the file is secret (I12).
    throw new Error(`${path} is not a secrets file of this version`);
  }
}

/**
 * Whole and on the disk when it returns; nothing is left if it throws.
 *
 * @param owner default: this process
 */
export function writeDurably(
  path: string,
  content: SecretsFile,
  owner?: { uid: number; gid: number },
): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    // A root that resets a token must not take the file from the user whose processes read it.
    if (owner !== undefined && process.getuid?.() === 0) fchownSync(file, owner.uid, owner.gid);
    writeSync(file, `${JSON.stringify(content, null, 2)}\n`);
    fsyncSync(file);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

/** SHA-256 of bytes and of text, for the domain's functions that take a hash as an argument. */
import { createHash } from 'node:crypto';

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

export function sha256Text(text: string): Uint8Array {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** As 64 lower-case hexadecimal digits. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

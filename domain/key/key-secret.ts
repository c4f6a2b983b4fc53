/**
 * The text of a virtual key (ADR 0001): `tg_<env>_<30 base62 characters><6 base62 of CRC-32>`, the
 * checksum over everything before it. It exists so that a mistyped key is refused before any
 * lookup; it proves nothing about who made the key.
 */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX = 'tg_';
/**
 * Random bytes for a key: more than its characters can hold, so that no character is more likely
 * than another.
 */
export const KEY_RANDOM_BYTES = 32;
const RANDOM_LENGTH = 30;
const CHECKSUM_LENGTH = 6;
const ENVIRONMENT_LENGTH_MAX = 32;
const UNDERSCORE = 0x5f;

/** Digit value by character code; 255 for what is not base62. */
const DIGITS = new Uint8Array(128).fill(255);
for (let i = 0; i < ALPHABET.length; i++) DIGITS[ALPHABET.charCodeAt(i)] = i;

/** CRC-32 as in ISO-HDLC (zip, PNG): reflected polynomial 0xEDB88320. */
const CRC_TABLE = new Uint32Array(256);
for (let n = 0; n < 256; n++) {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = (c & 1) === 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  CRC_TABLE[n] = c >>> 0;
}

/** CRC-32 of the first `length` characters, which are ASCII. */
function crc32(text: string, length: number): number {
  let crc = 0xffffffff;
  for (let i = 0; i < length; i++) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ text.charCodeAt(i)) & 0xff] as number);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The names an environment may have: the name is part of the key. */
function isKeyEnvironment(text: string): boolean {
  if (text.length === 0 || text.length > ENVIRONMENT_LENGTH_MAX) return false;
  for (let i = 0; i < text.length; i++) {
    if (!isEnvironmentCode(text.charCodeAt(i))) return false;
  }
  return true;
}

function isEnvironmentCode(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d;
}

/**
 * The key's text. The caller shows it once and keeps only its digest (I12).
 *
 * @param environment lower-case letters, digits and `-`, at most 32
 * @param random at least `KEY_RANDOM_BYTES` from a cryptographic source (the bias of the modulo is < 2^-76)
 * @throws Error if an argument breaks these bounds
 */
export function formatKeySecret(environment: string, random: Uint8Array): string {
  if (!isKeyEnvironment(environment)) throw new Error('the environment cannot be part of a key');
  if (random.length < KEY_RANDOM_BYTES) {
    throw new Error(`a key needs ${KEY_RANDOM_BYTES} random bytes`);
  }
  let number = 0n;
  for (const byte of random) number = (number << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < RANDOM_LENGTH; i++) {
    text += ALPHABET[Number(number % 62n)] as string;
    number /= 62n;
  }
  const body = `${PREFIX}${environment}_${text}`;
  return body + formatChecksum(crc32(body, body.length));
}

function formatChecksum(crc: number): string {
  let text = '';
  let left = crc;
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    text = (ALPHABET[left % 62] as string) + text;
    left = Math.floor(left / 62);
  }
  return text;
}

/**
 * Checks form and checksum in one pass over the text, without a lookup and without regular
 * expressions: this runs on every call.
 *
 * @returns null if this cannot be a key of ours
 */
export function parseKeySecret(text: string): { environment: string } | null {
  const tailLength = RANDOM_LENGTH + CHECKSUM_LENGTH;
  const separator = text.length - tailLength - 1;
  const environmentLength = separator - PREFIX.length;
  if (environmentLength < 1 || environmentLength > ENVIRONMENT_LENGTH_MAX) return null;
  if (!text.startsWith(PREFIX) || text.charCodeAt(separator) !== UNDERSCORE) return null;
  for (let i = PREFIX.length; i < separator; i++) {
    if (!isEnvironmentCode(text.charCodeAt(i))) return null;
  }
  const checksumAt = text.length - CHECKSUM_LENGTH;
  let stated = 0;
  for (let i = separator + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const digit = code < 128 ? (DIGITS[code] as number) : 255;
    if (digit === 255) return null;
    if (i >= checksumAt) stated = stated * 62 + digit;
  }
  if (crc32(text, checksumAt) !== stated) return null;
  return { environment: text.slice(PREFIX.length, separator) };
}

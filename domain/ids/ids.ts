/**
 * Identifiers (ADR 0001). Randomness and time are arguments: the domain has neither.
 */

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Prefix of every id that we mint for a ledger object. */
export type IdPrefix =
  | 'cus'
  | 'team'
  | 'key'
  | 'bud'
  | 'top'
  | 'rse'
  | 'lse'
  | 'per'
  | 'snp'
  | 'inv'
  | 'crn'
  | 'ins'
  | 'rec'
  | 'rul'
  | 'tot'
  | 'cut'
  | 'rtl'
  | 'pb'
  | 'xrt'
  | 'pur'
  | 'whk'
  | 'alm'
  | 'tst'
  | 'run';

/** Random bytes in an id, for our own format and for UUIDv7. */
export const ID_RANDOM_BYTES = 10;

/**
 * A time-ordered id: `<prefix>_` + 26 characters Crockford base32, 48 bits of Unix milliseconds
 * and 80 random bits (the ULID layout).
 *
 * @param random at least `ID_RANDOM_BYTES` from a cryptographic source
 */
export function makeId(prefix: IdPrefix, timeMs: number, random: Uint8Array): string {
  let bits = BigInt(timeMs);
  for (let i = 0; i < ID_RANDOM_BYTES; i++) bits = (bits << 8n) | BigInt(random[i] as number);
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = (CROCKFORD[Number(bits & 31n)] as string) + text;
    bits >>= 5n;
  }
  return `${prefix}_${text}`;
}

/** Unix milliseconds that an id of ours carries. */
export function idTimeMs(id: string): number {
  let bits = 0n;
  for (const letter of id.slice(id.indexOf('_') + 1)) {
    bits = (bits << 5n) | BigInt(CROCKFORD.indexOf(letter));
  }
  return Number(bits >> BigInt(ID_RANDOM_BYTES * 8));
}

/** By the digit that it takes the place of: the two upper bits of the variant are 10 (RFC 9562 §4.1). */
const VARIANTS = new Map(Array.from('0123456789abcdef', (digit, i) => [digit, '89ab'[i & 3]]));

/** Of the millisecond that was last asked for: the ids of a call are of the same one. */
let head = { timeMs: Number.NaN, text: '' };

/**
 * UUIDv7 (RFC 9562 §5.7): sorts by time as text and as a 128-bit integer.
 *
 * @param random from a cryptographic source, in lower-case hexadecimal digits, at least two for each of
 *   `ID_RANDOM_BYTES`
 */
export function uuidV7OfHex(timeMs: number, random: string): string {
  if (timeMs !== head.timeMs) {
    const time = timeMs.toString(16).padStart(12, '0');
    head = { timeMs, text: `${time.slice(0, 8)}-${time.slice(8)}-7` };
  }
  const variant = VARIANTS.get(random.charAt(4));
  const [high, low] = [random.slice(1, 4), random.slice(5, 8)];
  return `${head.text}${high}-${variant}${low}-${random.slice(8, 2 * ID_RANDOM_BYTES)}`;
}

/** @param random at least `ID_RANDOM_BYTES` from a cryptographic source */
export function makeUuidV7(timeMs: number, random: Uint8Array): string {
  return uuidV7OfHex(timeMs, random.toHex());
}

/** Unix milliseconds that a UUIDv7 carries. */
export function uuidTimeMs(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}

/**
 * Id of the one resolution that an attempt can have: the attempt's 48 time bits and a hash. So it
 * sorts next to its target, and every import derives the same id (I2).
 *
 * @param hash SHA-256 of `resolution:<attempt id>` (UTF-8)
 */
export function resolutionId(attemptId: string, hash: Uint8Array): string {
  return makeUuidV7(uuidTimeMs(attemptId), hash);
}

/** Ids of this process: cryptographic randomness out of pools, so that an id costs no system call. */
import { randomBytes, randomFillSync } from 'node:crypto';
import { ID_RANDOM_BYTES, type IdPrefix, makeId, uuidV7OfHex } from '@tollgate/domain/ids/ids.ts';

const POOL_BYTES = 400 * ID_RANDOM_BYTES;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

function nextBytes(): Uint8Array {
  if (used === POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_RANDOM_BYTES;
  return pool.subarray(used - ID_RANDOM_BYTES, used);
}

/** As text: a call has ids that are text alone. */
let digits = '';
let digitsUsed = 0;

function nextDigits(): string {
  if (digitsUsed === digits.length) {
    digits = randomBytes(POOL_BYTES).toString('hex');
    digitsUsed = 0;
  }
  digitsUsed += 2 * ID_RANDOM_BYTES;
  return digits.slice(digitsUsed - 2 * ID_RANDOM_BYTES, digitsUsed);
}

/** A new object id, `<prefix>_…`. */
export function newId(prefix: IdPrefix): string {
  return makeId(prefix, Date.now(), nextBytes());
}

/** A new UUIDv7 that sorts by `timeMs`. */
export function newUuid(timeMs: number): string {
  return uuidV7OfHex(timeMs, nextDigits());
}

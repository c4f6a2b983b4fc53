/** Ids of this process: cryptographic randomness out of a pool, so that an id costs no system call. */
import { randomFillSync } from 'node:crypto';
import { type IdPrefix, makeId, makeUuidV7 } from '@tollgate/domain/ids/ids.ts';

const BYTES_PER_ID = 10;
const pool = Buffer.alloc(400 * BYTES_PER_ID);
let used = pool.length;

function nextBytes(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += BYTES_PER_ID;
  return pool.subarray(used - BYTES_PER_ID, used);
}

/** A new object id, `<prefix>_…`. */
export function newId(prefix: IdPrefix): string {
  return makeId(prefix, Date.now(), nextBytes());
}

/** A new UUIDv7 that sorts by `timeMs`. */
export function newUuid(timeMs: number): string {
  return makeUuidV7(timeMs, nextBytes());
}

/** Ids of this process: cryptographic randomness out of a pool, so that an id costs no system call. */
import { randomFillSync } from 'node:crypto';
import { ID_RANDOM_BYTES, type IdPrefix, makeId, makeUuidV7 } from '@tollgate/domain/ids/ids.ts';

const pool = Buffer.alloc(400 * ID_RANDOM_BYTES);
let used = pool.length;

function nextBytes(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_RANDOM_BYTES;
  return pool.subarray(used - ID_RANDOM_BYTES, used);
}

/** A new object id, `<prefix>_…`. */
export function newId(prefix: IdPrefix): string {
  return makeId(prefix, Date.now(), nextBytes());
}

/** A new UUIDv7 that sorts by `timeMs`. */
export function newUuid(timeMs: number): string {
  return makeUuidV7(timeMs, nextBytes());
}

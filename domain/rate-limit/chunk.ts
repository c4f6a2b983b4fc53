/**
 * How much of a limit a proxy takes at once. Enough for a moment of its own rate, so that a call
 * finds it in memory; never more than a part of what is left, so that several proxies can use a
 * limit up to its end.
 */

/** What a chunk should last for at the proxy's own rate, ms. */
const CHUNK_MS = 250;
/** The largest part of what is left that is taken beyond what is needed. */
const PART_OF_LEFT = 1 / 8;

/**
 * @param need what waiting calls need
 * @param perMs the proxy's own use, smoothed
 * @param left of the window when it was last seen; null: it was not
 * @returns at least `need`
 */
export function chunkOf(need: number, perMs: number, left: number | null): number {
  const ahead = Math.floor(perMs * CHUNK_MS);
  const fair = left === null ? 0 : Math.floor(left * PART_OF_LEFT);
  return need + Math.min(ahead, fair);
}

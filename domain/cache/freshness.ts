/**
 * Whether an entry of the cache may be served. Purges are counted, not timed: an entry knows how many
 * its proxy had seen when the call began, so no clock and no call that is still running can bring back
 * what was purged (docs/design.md, Cache).
 */

export type EntryAge = {
  /** Of whose call the answer was. */
  customerId: string;
  /** As that call named it. */
  model: string;
  /** Revision of the last purge that its proxy knew when its call began; -1: it knew none. */
  purgesSeen: number;
  storedAtMs: number;
  expiresAtMs: number;
};

export function mayServe(
  entry: EntryAge,
  asked: { nowMs: number; maxAgeS: number | null; purgedAt: number },
): boolean {
  // seam: purged-is-never-served
  if (entry.purgesSeen < asked.purgedAt) return false;
  if (asked.nowMs >= entry.expiresAtMs) return false;
  return asked.maxAgeS === null || ageS(entry, asked.nowMs) <= asked.maxAgeS;
}

/** Whole seconds, rounded up; another proxy's clock may be ahead, and nothing is younger than 0. */
export function ageS({ storedAtMs }: Pick<EntryAge, 'storedAtMs'>, nowMs: number): number {
  return Math.max(0, Math.ceil((nowMs - storedAtMs) / 1000));
}

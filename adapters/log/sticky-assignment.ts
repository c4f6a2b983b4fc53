/**
 * Who gets which partitions: everybody the same number, give or take one, and nobody loses one
 * without need, because each that moves costs a take-over. Pure; every member would work out the
 * same.
 */

export type Member = { id: string; owned: readonly number[] };

/** @returns the partitions of every member, each partition exactly once */
export function assignSticky(
  members: readonly Member[],
  partitions: number,
): Map<string, number[]> {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const least = Math.floor(partitions / sorted.length);
  // Whoever has the most keeps one more, as far as there are any.
  let extra = partitions % sorted.length;
  const taken = new Set<number>();
  const assigned = new Map<string, number[]>();
  const byOwned = sorted.toSorted((a, b) => b.owned.length - a.owned.length);
  for (const { id, owned } of byOwned) {
    const valid = [...new Set(owned)].filter((p) => p >= 0 && p < partitions && !taken.has(p));
    const quota = least + (extra > 0 && valid.length > least ? 1 : 0);
    if (quota > least) extra--;
    const kept = valid.slice(0, quota);
    for (const partition of kept) taken.add(partition);
    assigned.set(id, kept);
  }
  const free = Array.from({ length: partitions }, (_, p) => p).filter((p) => !taken.has(p));
  for (const level of [least, least + 1]) {
    for (const { id } of sorted) {
      const own = assigned.get(id) ?? [];
      while (own.length < level && free.length > 0) {
        own.push(free.shift() as number);
        if (level > least) break;
      }
    }
  }
  return assigned;
}

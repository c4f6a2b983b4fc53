/**
 * Distributes partitions: every member gets the same number, give or take one, and no partition
 * moves without need, because each move costs a take-over. Pure: every member would compute the
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
  // The members that have the most keep one more, as long as there are any left over.
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

/** Which partitions a projector claims and which it gives up. Pure. */

export type PartitionChanges = {
  /** To be claimed: new ones, or all of them if a batch may be torn. */
  taken: number[];
  lost: number[];
  /** The log is to be read from other places than before. */
  any: boolean;
};

/**
 * @param assigned the partitions that are this projector's from now on
 * @param owned the partitions that it has an epoch for
 * @param inDoubt a batch may be torn: each partition is claimed again, which finds the torn range
 */
export function partitionChanges(
  assigned: ReadonlySet<number>,
  owned: readonly number[],
  inDoubt: boolean,
): PartitionChanges {
  const taken = [...assigned].filter((partition) => inDoubt || !owned.includes(partition));
  const lost = owned.filter((partition) => !assigned.has(partition));
  return { taken, lost, any: inDoubt || taken.length > 0 || lost.length > 0 };
}

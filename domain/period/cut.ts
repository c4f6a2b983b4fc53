/**
 * A cut: how far the log was known when a closing run began, per log and partition as an exclusive
 * end offset. A position is below a cut if its offset is below its partition's end. A partition or
 * log that the cut does not name is entirely above it (ADR 0001).
 */
import type { LogCut } from './period-events.ts';

/**
 * True if `previous` covers something that `cut` does not. Such a cut is refused: an event could be
 * missing from both snapshots (I4).
 */
export function isCutBelow(cut: readonly LogCut[], previous: readonly LogCut[]): boolean {
  return previous.some(({ log, ends }) => {
    const now = cut.find((candidate) => candidate.log === log)?.ends ?? [];
    return ends.some((end, partition) => BigInt(now[partition] ?? '0') < BigInt(end));
  });
}

type Place = { log: number; partition: number };

/**
 * The first position below the cut that has no row yet.
 *
 * @param progress `next`: the first offset of a partition without a row; a partition that is not
 * named has no rows at all
 */
export function firstUnapplied(
  cut: readonly LogCut[],
  progress: readonly (Place & { next: bigint })[],
): (Place & { offset: bigint }) | undefined {
  const nextOf = new Map(progress.map((row) => [keyOf(row), row.next]));
  for (const place of partitionsOf(cut)) {
    const { log, partition, end } = place;
    const offset = nextOf.get(keyOf(place)) ?? 0n;
    if (offset < end) return { log, partition, offset };
  }
  return undefined;
}

/**
 * The first partition in which the rows below the cut are not one for each offset. Offsets are
 * distinct and dense, so as many rows and as many distinct offsets as the end says is exactly that.
 *
 * @param found counts of the rows below the cut; a partition that is not named has none
 */
export function firstDiscontinuity(
  cut: readonly LogCut[],
  found: readonly (Place & { rows: bigint; offsets: bigint })[],
): (Place & { end: bigint; rows: bigint; offsets: bigint }) | undefined {
  const countsOf = new Map(found.map((row) => [keyOf(row), row]));
  for (const place of partitionsOf(cut)) {
    const { rows, offsets } = countsOf.get(keyOf(place)) ?? { rows: 0n, offsets: 0n };
    if (rows !== place.end || offsets !== place.end) return { ...place, rows, offsets };
  }
  return undefined;
}

function partitionsOf(cut: readonly LogCut[]): (Place & { end: bigint })[] {
  return cut.flatMap(({ log, ends }) =>
    ends.map((end, partition) => ({ log, partition, end: BigInt(end) })),
  );
}

function keyOf({ log, partition }: Place): string {
  return `${log}/${partition}`;
}

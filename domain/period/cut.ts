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

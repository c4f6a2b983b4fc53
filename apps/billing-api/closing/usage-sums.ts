/** The lines of a snapshot, within the bounds of a snapshot. */
import type { UsageSet } from '@tollgate/adapters/warehouse/queries/usage-set.ts';
import { countSums, sumUsage } from '@tollgate/adapters/warehouse/queries/usage-sums.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import {
  CURRENT_SNAPSHOT_VERSION,
  type SnapshotVersion,
  type UsageSum,
} from '@tollgate/domain/period/snapshot.ts';
import { ClosingError } from './closing-error.ts';
import type { ClosingLimits } from './closing-limits.ts';

/**
 * One sum per combination of dimensions.
 *
 * @param periodEndsMs ends of all periods up to this one, in order
 * @throws ClosingError snapshot_too_large
 */
export async function usageSums(
  warehouse: Warehouse,
  set: UsageSet,
  periodEndsMs: readonly number[],
  { snapshotLinesMax }: ClosingLimits,
  version: SnapshotVersion = CURRENT_SNAPSHOT_VERSION,
): Promise<UsageSum[]> {
  const sums = await sumUsage(warehouse, set, periodEndsMs, snapshotLinesMax + 1, version);
  if (sums.length > snapshotLinesMax) {
    throw new ClosingError('snapshot_too_large', `more than ${snapshotLinesMax} lines`);
  }
  return sums;
}

/**
 * Asked before a period begins to close, about what is projected by then: once the period is
 * closing, it can no longer be closed in parts.
 *
 * @throws ClosingError snapshot_too_large
 */
export async function assertLinesFit(
  warehouse: Warehouse,
  set: UsageSet,
  periodEndsMs: readonly number[],
  bounds: ClosingLimits & { appendBytesMax: number },
): Promise<void> {
  const { appendBytesMax, snapshotLinesMax, snapshotLineBytes } = bounds;
  const most = Math.min(snapshotLinesMax, Math.floor(appendBytesMax / snapshotLineBytes));
  const version = CURRENT_SNAPSHOT_VERSION;
  const lines = await countSums(warehouse, set, periodEndsMs, most + 1, version);
  if (lines > most) throw new ClosingError('snapshot_too_large', `more than ${most} lines`);
}

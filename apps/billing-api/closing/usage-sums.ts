/** Sums and unresolved attempts of a snapshot's rows, within the bounds of a snapshot. */
import type { UsageSet } from '@tollgate/adapters/warehouse/queries/usage-set.ts';
import {
  countSums,
  sumUsage,
  unresolvedInSet,
} from '@tollgate/adapters/warehouse/queries/usage-sums.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { Unresolved, UsageSum } from '@tollgate/domain/period/snapshot.ts';
import { ClosingError } from './closing-error.ts';
import { closingLimits } from './closing-limits.ts';

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
): Promise<UsageSum[]> {
  const { snapshotLinesMax } = closingLimits;
  const sums = await sumUsage(warehouse, set, periodEndsMs, snapshotLinesMax + 1);
  if (sums.length > snapshotLinesMax) {
    throw new ClosingError('snapshot_too_large', `more than ${sums.length - 1} lines`);
  }
  return sums;
}

/**
 * Asked before a period begins to close, of what is projected by then: after that it could not be
 * closed in parts any more.
 *
 * @throws ClosingError snapshot_too_large
 */
export async function assertLinesFit(
  warehouse: Warehouse,
  set: UsageSet,
  periodEndsMs: readonly number[],
  appendBytesMax: number,
): Promise<void> {
  const { snapshotLinesMax, snapshotLineBytes } = closingLimits;
  const most = Math.min(snapshotLinesMax, Math.floor(appendBytesMax / snapshotLineBytes));
  const lines = await countSums(warehouse, set, periodEndsMs, most + 1);
  if (lines > most) throw new ClosingError('snapshot_too_large', `more than ${most} lines`);
}

/** Attempts of the set whose cost nobody knows yet (I8). */
export function unresolvedAttempts(warehouse: Warehouse, set: UsageSet): Promise<Unresolved> {
  return unresolvedInSet(warehouse, set, closingLimits.unresolvedIdsMax);
}

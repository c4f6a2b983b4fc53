/**
 * The ranges of time that each accepted import decides (`uncovered`). Two imports never share an
 * attempt, so the order in which batches are resolved cannot change which import decides.
 */
import type { AttemptRange } from '@tollgate/adapters/warehouse/queries/attempts.ts';
import { type TimeRange, uncovered } from '@tollgate/domain/reconciliation/own-ranges.ts';
import type { ReconciliationImport } from '@tollgate/domain/reconciliation/reconciliation.ts';

/** Accepted imports never change, so each is looked at once. */
export class OwnShares {
  readonly #shares = new Map<string, readonly AttemptRange[]>();
  readonly #covered = new Map<string, TimeRange[]>();

  /**
   * To be called for imports in the order of their acceptance.
   *
   * @returns the ranges of attempt start times that this import decides; there may be none
   * @throws Error if its range is not a range of times; such an import covers nothing
   */
  of(accepted: ReconciliationImport): readonly AttemptRange[] {
    const { import_id, provider } = accepted;
    const known = this.#shares.get(import_id);
    if (known !== undefined) return known;
    // A ruling speaks of single attempts: bills decide the range that it was asked about.
    if (accepted.ruling !== undefined) return [];
    const covered = this.#covered.get(provider) ?? [];
    const own = uncovered(rangeOf(accepted), covered);
    this.#covered.set(provider, [...covered, ...own]);
    const shares = own.map(({ startMs, endMs }) => ({
      provider,
      start: new Date(startMs).toISOString(),
      end: new Date(endMs).toISOString(),
    }));
    this.#shares.set(import_id, shares);
    return shares;
  }
}

function rangeOf({ import_id, start, end }: ReconciliationImport): TimeRange {
  const range = { startMs: Date.parse(start), endMs: Date.parse(end) };
  if (Number.isNaN(range.startMs) || Number.isNaN(range.endMs)) {
    throw new Error(`import ${import_id}: ${start} to ${end} is no range of times`);
  }
  return range;
}

/**
 * Which rows count (I2): an event is a duplicate only if a lower position with its key is counted;
 * a resolution counts only if its target is counted at a lower position, resolvable, and not
 * resolved yet (docs/design.md, Resolutions). A second resolution has the id of the first, so the
 * first rule settles it.
 */
import { dead, type ProjectedRow, uuidKey } from './projection.ts';

/** What must be known of a counted row, whether it is stored in the warehouse or about to be. */
export type CountedRow = Pick<ProjectedRow, 'leafHex' | 'resolvable'>;

export type Decided = {
  rows: ProjectedRow[];
  /** The rows that count, by key. */
  counted: Map<string, CountedRow>;
  /** Duplicates whose content differs from that of the counted row: their sender reuses ids. */
  conflicting: number;
};

/** The keys whose counted rows `decideDispositions` must be able to find. */
export function keysToLookUp(rows: readonly ProjectedRow[]): Set<string> {
  const keys = new Set<string>();
  for (const { disposition, resolvesId, idKey } of rows) {
    if (disposition === 'dead') continue;
    keys.add(idKey);
    if (resolvesId !== null) keys.add(uuidKey(resolvesId));
  }
  return keys;
}

/**
 * @param rows in order of their offsets within each partition
 * @param stored finds the counted row of a lower position, by key
 */
export function decideDispositions(
  rows: readonly ProjectedRow[],
  stored: (key: string) => CountedRow | undefined,
): Decided {
  const counted = new Map<string, CountedRow>();
  const countedAt = (key: string) => counted.get(key) ?? stored(key);
  let conflicting = 0;
  const decided = rows.map((row) => {
    if (row.disposition === 'dead') return row;
    const first = countedAt(row.idKey);
    // seam: known-event-is-a-duplicate
    if (first !== undefined) {
      if (first.leafHex !== row.leafHex) conflicting++;
      return { ...row, disposition: 'duplicate' as const };
    }
    if (row.resolvesId !== null) {
      const target = countedAt(uuidKey(row.resolvesId));
      if (target === undefined) return { ...row, ...dead('resolves_id: no such counted attempt') };
      if (!target.resolvable)
        return { ...row, ...dead('resolves_id: the attempt is not resolvable') };
    }
    counted.set(row.idKey, row);
    return row;
  });
  return { rows: decided, counted, conflicting };
}

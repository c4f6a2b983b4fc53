/**
 * Which rows count (I2): an event is a duplicate only if a lower position with its key is counted; a
 * resolution counts only if its target is counted at a lower position, resolvable, and not resolved
 * yet (design §7.10). A second resolution has the id of the first, so the first rule settles it.
 */
import { dead, type ProjectedRow, uuidKey } from './projection.ts';

/** A counted row that stands in the warehouse already. */
export type CountedRow = { idKey: string; leafHex: string; resolvable: boolean };

export type Decided = {
  rows: ProjectedRow[];
  /** Duplicates whose content differs from the counted one: somebody reuses ids. */
  conflicting: number;
};

/** Keys whose counted rows `decide` must be told of. */
export function keysToLookUp(rows: readonly ProjectedRow[]): Set<string> {
  const keys = new Set<string>();
  for (const { facts, idKey } of rows) {
    if (facts === null) continue;
    keys.add(idKey);
    if (facts.resolvesId !== null) keys.add(uuidKey(facts.resolvesId));
  }
  return keys;
}

/** @param rows in order of their offsets within each partition */
export function decideDispositions(
  rows: readonly ProjectedRow[],
  stored: ReadonlyMap<string, CountedRow>,
): Decided {
  const counted = new Map(stored);
  let conflicting = 0;
  const decided = rows.map((row) => {
    const { facts } = row;
    if (facts === null) return row;
    const first = counted.get(row.idKey);
    if (first !== undefined) {
      if (first.leafHex !== row.leafHex) conflicting++;
      return { ...row, disposition: 'duplicate' as const };
    }
    if (facts.resolvesId !== null) {
      const target = counted.get(uuidKey(facts.resolvesId));
      if (target === undefined) return { ...row, ...dead('resolves_id: no such counted attempt') };
      if (!target.resolvable)
        return { ...row, ...dead('resolves_id: the attempt is not resolvable') };
    }
    const { idKey, leafHex } = row;
    counted.set(idKey, { idKey, leafHex, resolvable: facts.resolvable });
    return row;
  });
  return { rows: decided, conflicting };
}

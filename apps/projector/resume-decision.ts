/**
 * Where a projector goes on in a partition that it has claimed (docs/design.md, Projection). The
 * rows in the warehouse decide; the intent says only which range may be torn. Pure.
 *
 * I2: every offset below `next` has its row or is listed as missing.
 */

export type OffsetRange = { first: bigint; last: bigint };

/** What the warehouse and the log say of one partition. */
export type Found = {
  partition: number;
  /** How many rows there are, and the first offset above all of them. */
  rows: bigint;
  next: bigint;
  /** The offsets that the last batch was going to write, and those of them that have a row. */
  intent: OffsetRange | null;
  present: ReadonlySet<bigint>;
  /** How many rows are above the intent. */
  above: bigint;
};

export type ResumePoint = {
  /** First offset above everything that is stored or was intended. */
  next: bigint;
  /** Offsets of the intent that have no row yet. */
  missing: bigint[];
  /** A range above the intent in which some offset has no row: it must be searched. */
  torn: OffsetRange | null;
};

/** Offsets above the last intent that are searched for missing rows: a few batches. */
const LATE_OFFSETS_MAX = 200_000n;

/** @throws Error naming the partition if rows are missing that no batch can have torn */
export function decideResumePoint(found: Found): ResumePoint {
  const { partition, rows, next, intent, present, above } = found;
  if (intent === null) {
    if (rows !== next) throw discontinuous(partition, rows, next);
    return { next, missing: [], torn: null };
  }
  const { first, last } = intent;
  const below = rows - BigInt(present.size) - above;
  if (below !== first) throw discontinuous(partition, below, first);
  const missing = offsetsWithoutRow(intent, present);
  // A rebuild goes to the log's end, whatever was intended before it.
  if (above === 0n) return { next: last + 1n, missing, torn: null };
  const late = { first: last + 1n, last: next - 1n };
  const lateOffsets = next - late.first;
  if (above === lateOffsets) return { next, missing, torn: null };
  // A later batch tore, and then the intent of an older projector, held up, replaced its intent.
  if (above > lateOffsets || lateOffsets > LATE_OFFSETS_MAX) {
    throw discontinuous(partition, above, next);
  }
  return { next, missing, torn: late };
}

export function offsetsWithoutRow(range: OffsetRange, present: ReadonlySet<bigint>): bigint[] {
  const missing: bigint[] = [];
  for (let offset = range.first; offset <= range.last; offset++) {
    // seam: torn-offset-is-missing
    if (!present.has(offset)) missing.push(offset);
  }
  return missing;
}

function discontinuous(partition: number, rows: bigint, expected: bigint): Error {
  return new Error(
    `partition ${partition} has ${rows} rows below offset ${expected}: rebuild the warehouse`,
  );
}

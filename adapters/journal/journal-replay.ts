/** Reads a journal back: when it is opened, and when it is copied while its instance writes it. */
import { type Checkpoint, GROUP_HEADER_BYTES, type RecordSegment } from './journal-codec.ts';
import type { JournalFolder } from './journal-folder.ts';
import { JournalDamaged, SegmentReader } from './journal-segment.ts';
import { JournalState } from './journal-state.ts';

export type Replayed = {
  state: JournalState;
  newestId: number;
  /**
   * Segments with records that the log may not have, oldest first. The newest segment may be the
   * last of them.
   */
  withRecords: RecordSegment[];
};

/**
 * @param onGroup sees every group of the newest segment, in order
 * @returns null if no segment was ever begun
 * @throws JournalDamaged if what was durable cannot be read
 * @throws Error with the code ENOENT if a segment was used again while it was read
 */
export function replayNewest(
  folder: JournalFolder,
  onGroup: (id: number, bytes: Buffer) => void = () => undefined,
): Replayed | null {
  // If the checkpoint of a segment was cut off, the segment was never begun: the one before it is
  // the journal.
  for (const id of folder.segmentIds().reverse()) {
    const replayed = replay(folder, id, onGroup);
    if (replayed !== null) return replayed;
  }
  return null;
}

function replay(
  folder: JournalFolder,
  id: number,
  onGroup: (id: number, bytes: Buffer) => void,
): Replayed | null {
  const reader = new SegmentReader(folder.segmentPath(id), id);
  try {
    const state = new JournalState();
    let checkpoint: Checkpoint | null = null;
    let endBytes = 0;
    for (const { bytes, at } of reader.groups()) {
      const found = state.apply(bytes, GROUP_HEADER_BYTES, at);
      checkpoint ??= found;
      endBytes = at + bytes.length;
      onGroup(id, bytes);
    }
    reader.assertNothingBehind(endBytes);
    // seam: segment-was-not-used-again
    reader.assertStillThere();
    if (checkpoint === null) return null;
    const { nextSeq, shippedSeq } = state;
    const newest = { id, endBytes, firstSeq: checkpoint.nextSeq, lastSeq: nextSeq - 1 };
    const withRecords = [...checkpoint.older, newest].filter(
      ({ firstSeq, lastSeq }) => lastSeq >= firstSeq && lastSeq > shippedSeq,
    );
    return { state, newestId: id, withRecords };
  } finally {
    reader.close();
  }
}

/** @throws JournalDamaged if a segment that is needed is missing */
export function assertPresent(folder: JournalFolder, replayed: Replayed): void {
  const ids = new Set(folder.segmentIds());
  for (const { id } of replayed.withRecords) {
    if (ids.has(id)) continue;
    throw new JournalDamaged(
      `${folder.segmentPath(id)} is missing: segment ${replayed.newestId} says that it holds records ` +
        'which the log does not have',
    );
  }
}

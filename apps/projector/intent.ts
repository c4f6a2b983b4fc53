/**
 * The intent of a batch: which offsets it is going to write, durable before its first write
 * (docs/design.md, Projection). It is kept as the log's commit at the first offset, so that it
 * costs no store of its own. Written and read here.
 */
import type { Log } from '@tollgate/adapters/log/log.ts';
import { z } from 'zod';
import type { Range } from './raw-writer.ts';
import type { OffsetRange } from './resume-decision.ts';

/** The commits of this group in the log are the intents of the projectors. */
export const COMMIT_GROUP = 'projector';

const intentSchema = z.strictObject({
  epoch: z.string(),
  first: z.string(),
  last: z.string(),
});

type Commit = Parameters<Log['commit']>[1][number];

/** One commit per partition of a batch. @param epochs of every partition that has a range */
export function intentCommits(
  ranges: readonly Range[],
  epochs: ReadonlyMap<number, bigint>,
): Commit[] {
  // seam: batch-intent
  return ranges.map(({ partition, first, last }) => ({
    partition,
    offset: first,
    metadata: JSON.stringify({
      epoch: String(epochs.get(partition)),
      first: String(first),
      last: String(last),
    }),
  }));
}

/** @returns null if no batch was ever intended. @throws ZodError if it is no intent of ours */
export function readIntent(metadata: string): OffsetRange | null {
  if (metadata === '') return null;
  const { first, last } = intentSchema.parse(JSON.parse(metadata));
  return { first: BigInt(first), last: BigInt(last) };
}

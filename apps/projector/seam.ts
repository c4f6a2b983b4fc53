/**
 * Where roll-ups end and raw rows begin (docs/design.md, Roll-ups). Buckets below a partition's
 * seam are read from roll-ups, the others from raw rows. Pure.
 */
import { BUCKET_S } from '@tollgate/adapters/warehouse/queries/buckets.ts';

/** The seams of all partitions that one projector rolls up, in seconds since 1970. */
export type Seam = {
  /** The newest of them. */
  newestS: number;
  /** Every partition's seam is there. */
  isLevel: boolean;
};

/**
 * The seam goes to the start of the bucket that is open at `nowMs`, and never back: a seam that
 * another clock has moved ahead stays, and what is below it is rolled up.
 *
 * @returns `moves`: false if every partition's seam is there already, or waits for the clock
 */
export function nextSeam(seam: Seam, nowMs: number): { seamS: number; moves: boolean } {
  const openS = Math.floor(nowMs / 1000 / BUCKET_S) * BUCKET_S;
  if (openS > seam.newestS) return { seamS: openS, moves: true };
  return { seamS: seam.newestS, moves: !seam.isLevel && openS === seam.newestS };
}

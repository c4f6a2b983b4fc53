import { describe, expect, it } from 'vitest';
import { nextSeam } from './seam.ts';

/** The start of a bucket, s. */
const OPEN_S = 1_800_000_000;

describe('the seam', () => {
  it.each([
    ['goes to the start of the open bucket', OPEN_S - 900, true, OPEN_S + 1, OPEN_S, true],
    ['goes there in the first instant of the bucket', OPEN_S - 900, true, OPEN_S, OPEN_S, true],
    ['stays until the bucket has closed', OPEN_S, true, OPEN_S + 899.999, OPEN_S, false],
    ['takes the partitions behind it along', OPEN_S, false, OPEN_S + 1, OPEN_S, true],
    ['never goes back', OPEN_S + 900, true, OPEN_S + 1, OPEN_S + 900, false],
    [
      'waits for the clock where partitions differ',
      OPEN_S + 900,
      false,
      OPEN_S,
      OPEN_S + 900,
      false,
    ],
    ['catches up over many buckets', OPEN_S - 9_000, false, OPEN_S + 450, OPEN_S, true],
  ])('%s', (_, newestS, isLevel, nowS, seamS, moves) => {
    expect(nextSeam({ newestS, isLevel }, nowS * 1000)).toEqual({ seamS, moves });
  });
});

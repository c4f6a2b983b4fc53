/** I2: after a claim each offset below the point to go on from has its row or is listed as missing. */
import { describe, expect, it } from 'vitest';
import { decideResumePoint, type Found, offsetsWithoutRow } from './resume-decision.ts';

/** Ten offsets are written, 4 to 6 by the last batch, if not told otherwise. */
function found(fields: Partial<Found>): Found {
  const intent = { first: 4n, last: 6n };
  const present = new Set([4n, 5n, 6n]);
  return { partition: 3, rows: 7n, next: 7n, intent, present, above: 0n, ...fields };
}

describe('where a projector goes on', () => {
  it.each<[string, Partial<Found>, object]>([
    ['after a whole batch', {}, { next: 7n, missing: [], torn: null }],
    [
      'in an empty partition',
      { rows: 0n, next: 0n, intent: null, present: new Set() },
      { next: 0n, missing: [], torn: null },
    ],
    [
      'above rows that no intent tells of',
      { intent: null, present: new Set() },
      { next: 7n, missing: [], torn: null },
    ],
    [
      'after a batch whose middle is missing',
      { rows: 6n, present: new Set([4n, 6n]) },
      { next: 7n, missing: [5n], torn: null },
    ],
    [
      'after a batch that was not stored at all',
      { rows: 4n, next: 4n, present: new Set() },
      { next: 7n, missing: [4n, 5n, 6n], torn: null },
    ],
    [
      'above later batches that are whole',
      { rows: 10n, next: 10n, above: 3n },
      { next: 10n, missing: [], torn: null },
    ],
    [
      'above a later batch that is torn',
      { rows: 9n, next: 10n, above: 2n },
      { next: 10n, missing: [], torn: { first: 7n, last: 9n } },
    ],
    [
      'with the missing offsets of both',
      { rows: 7n, next: 10n, above: 1n, present: new Set([4n, 5n]) },
      { next: 10n, missing: [6n], torn: { first: 7n, last: 9n } },
    ],
    [
      'above the longest range that is searched',
      { rows: 8n, next: 200_007n, above: 1n },
      { next: 200_007n, missing: [], torn: { first: 7n, last: 200_006n } },
    ],
  ])('%s', (_, fields, point) => {
    expect(decideResumePoint(found(fields))).toEqual(point);
  });

  it.each<[string, Partial<Found>, string]>([
    ['rows are missing without an intent', { intent: null, rows: 6n }, '6 rows below offset 7'],
    [
      'there are too many rows without an intent',
      { intent: null, rows: 8n },
      '8 rows below offset 7',
    ],
    ['a row is missing below the intent', { rows: 6n }, '3 rows below offset 4'],
    ['an offset below the intent has two rows', { rows: 8n }, '5 rows below offset 4'],
    [
      'an offset above the intent has two rows',
      { rows: 11n, next: 10n, above: 4n },
      '4 rows below offset 10',
    ],
    [
      'the range above the intent is longer than batches can be',
      { rows: 8n, next: 200_008n, above: 1n },
      '1 rows below offset 200008',
    ],
  ])('refuses by name when %s', (_, fields, what) => {
    expect(() => decideResumePoint(found(fields))).toThrow(
      `partition 3 has ${what}: rebuild the warehouse`,
    );
  });

  it('lists the offsets of a range that have no row, both ends included', () => {
    expect(offsetsWithoutRow({ first: 2n, last: 5n }, new Set([3n]))).toEqual([2n, 4n, 5n]);
    expect(offsetsWithoutRow({ first: 2n, last: 2n }, new Set([2n]))).toEqual([]);
  });
});

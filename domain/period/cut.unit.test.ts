import { expect, it } from 'vitest';
import { firstDiscontinuity, firstUnapplied } from './cut.ts';

const BEYOND_DOUBLES = '9007199254740993';
const cut = [
  { log: 0, ends: ['0', '2', '3'] },
  { log: 1, ends: ['1', BEYOND_DOUBLES] },
];
const place = (log: number, partition: number) => ({ log, partition });
const last = BigInt(BEYOND_DOUBLES);

it.each([
  [
    'all of it, and more, is applied',
    [
      [0, 1, 2n],
      [0, 2, 7n],
      [1, 0, 1n],
      [1, 1, last],
    ],
    undefined,
  ],
  ['the last offset of a partition is missing', [[0, 1, 1n]], [0, 1, 1n]],
  ['a partition has no rows at all', [[0, 1, 2n]], [0, 2, 0n]],
  [
    'only the same partition of another log is applied',
    [
      [0, 1, 2n],
      [0, 2, 3n],
    ],
    [1, 0, 0n],
  ],
  [
    'one offset is missing beyond 2^53',
    [
      [0, 1, 2n],
      [0, 2, 3n],
      [1, 0, 1n],
      [1, 1, last - 1n],
    ],
    [1, 1, last - 1n],
  ],
] as [string, [number, number, bigint][], [number, number, bigint] | undefined][])(
  'the first position of a cut without a row: %s',
  (_, progress, missing) => {
    const rows = progress.map(([log, partition, next]) => ({ ...place(log, partition), next }));
    expect(firstUnapplied(cut, rows)).toEqual(
      missing && { ...place(missing[0], missing[1]), offset: missing[2] },
    );
  },
);

const whole = [
  { ...place(0, 1), rows: 2n, offsets: 2n },
  { ...place(0, 2), rows: 3n, offsets: 3n },
  { ...place(1, 0), rows: 1n, offsets: 1n },
  { ...place(1, 1), rows: last, offsets: last },
];

it('finds nothing where every offset below the cut has one row (I5)', () => {
  expect(firstDiscontinuity(cut, whole)).toBeUndefined();
});

it.each([
  ['an offset has two rows', { ...place(0, 2), rows: 4n, offsets: 3n }],
  ['an offset has none', { ...place(0, 2), rows: 2n, offsets: 2n }],
  ['one has two rows and another none', { ...place(0, 2), rows: 3n, offsets: 2n }],
])('finds the partition in which %s (I5)', (_, row) => {
  const found = whole.map((other) => (other.log === 0 && other.partition === 2 ? row : other));
  expect(firstDiscontinuity(cut, found)).toEqual({ ...row, end: 3n });
});

it('finds the partition that has no rows (I5)', () => {
  const gap = { ...place(1, 0), end: 1n, rows: 0n, offsets: 0n };
  expect(
    firstDiscontinuity(
      cut,
      whole.filter(({ log }) => log === 0),
    ),
  ).toEqual(gap);
});

import { expect, it } from 'vitest';
import { intentCommits, readIntent } from './intent.ts';

it('I2: an intent says to the next owner what the batch was going to write', () => {
  const ranges = [
    { partition: 0, first: 5n, last: 9n },
    { partition: 2, first: 0n, last: 0n },
  ];
  const epochs = new Map([
    [0, 3n],
    [2, 4n],
  ]);
  const commits = intentCommits(ranges, epochs);
  expect(commits).toEqual([
    { partition: 0, offset: 5n, metadata: '{"epoch":"3","first":"5","last":"9"}' },
    { partition: 2, offset: 0n, metadata: '{"epoch":"4","first":"0","last":"0"}' },
  ]);
  expect(commits.map(({ metadata }) => readIntent(metadata ?? ''))).toEqual([
    { first: 5n, last: 9n },
    { first: 0n, last: 0n },
  ]);
  expect(readIntent('')).toBe(null);
});

it('a commit that is no intent is refused, not taken for an empty range', () => {
  expect(() => readIntent('{"epoch":"1","first":"0"}')).toThrow();
});

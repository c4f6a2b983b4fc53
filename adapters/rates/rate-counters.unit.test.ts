import { beforeEach, expect, it } from 'vitest';
import { RateCounters } from './rate-counters.ts';

const take = (counter: string, more = {}) => ({
  ...{ counter, lengthMs: 1_000, limit: 5, smoothing: false, need: 1, most: 5 },
  ...more,
});

let nowMs: number;
beforeEach(() => {
  nowMs = 1_000_500;
});

it('a clock that is put back by less than a window does not open the one before again', () => {
  const counters = new RateCounters(() => nowMs);
  counters.take(take('c'));
  nowMs = 999_900;
  expect(counters.take(take('c'))).toMatchObject({ granted: 0, remainingMs: 1_100 });
  nowMs = 1_001_000;
  expect(counters.take(take('c')).granted).toBe(5);
});

it('a clock that is put back for long counts on from what it shows', () => {
  const counters = new RateCounters(() => nowMs);
  counters.take(take('c'));
  nowMs -= 600_000;
  expect(counters.take(take('c')).granted).toBe(5);
});

it('a store that begins in the millisecond in which a window does may have given of it before', () => {
  nowMs = 1_001_000;
  const counters = new RateCounters(() => nowMs, nowMs);
  expect(counters.take(take('c'))).toMatchObject({ granted: 0, forgotten: true });
  nowMs = 1_002_000;
  expect(counters.take(take('c'))).toMatchObject({ granted: 5, forgotten: false });
});

it('counters of windows that have ended make room, and those of running ones do not', () => {
  const counters = new RateCounters(() => nowMs, undefined, 3);
  for (const name of ['a', 'b', 'c']) counters.take(take(name));
  expect(() => counters.take(take('d'))).toThrow('too many counters of rates');
  nowMs += 2_000;
  for (const name of ['d', 'e', 'f']) expect(counters.take(take(name)).granted).toBe(5);
  expect(counters.kept().map(([name]) => name)).toEqual(['d', 'e', 'f']);
});

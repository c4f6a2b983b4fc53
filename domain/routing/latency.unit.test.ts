import { expect, it } from 'vitest';
import { Latency } from './latency.ts';

const after = (...samples: [atMs: number, tookMs: number][]) => {
  const latency = new Latency(1_000);
  for (const [atMs, tookMs] of samples) {
    latency.started();
    latency.ended(tookMs, atMs);
  }
  return latency;
};

it('a slow answer counts at once, a fast one by and by, and both are forgotten with time', () => {
  expect(after([0, 100]).load(0)).toBe(100);
  expect(after([0, 100], [0, 900]).load(0)).toBe(900);
  const slow = after([0, 900], [500, 100]).load(500);
  expect([slow > 100, slow < 900]).toEqual([true, true]);
  expect(after([0, 900]).load(1_000)).toBeCloseTo(900 / Math.E);
});

it('calls that run count as waiting in front of the next one', () => {
  const latency = after([0, 100]);
  latency.started();
  latency.started();
  expect(latency.load(0)).toBe(300);
  latency.ended(null, 0);
  expect(latency.load(0)).toBe(200);
});

it('who was never asked is asked, but not by all at once', () => {
  const latency = new Latency(1_000);
  expect(latency.load(0)).toBeLessThan(after([0, 100]).load(0));
  const before = latency.load(0);
  latency.started();
  expect(latency.load(0)).toBeGreaterThan(before);
});

it('the quick refusal of a wrong request is no quick answer', () => {
  const latency = after([0, 100]);
  latency.started();
  latency.refused(10_000, 500);
  expect(latency.load(500)).toBe(100);
  const unknown = new Latency(1_000);
  unknown.started();
  unknown.refused(10_000, 0);
  expect(unknown.load(0)).toBe(10_000);
});

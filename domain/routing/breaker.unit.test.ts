import { describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';
import type { FailureClass } from './route.ts';

const limits = { breakerFailures: 3, coolDownMs: 1_000, coolDownMsMax: 4_000 };
const open = () => new Breaker(limits);

function fail(breaker: Breaker, times: number, nowMs = 0, failure: FailureClass = 'broken') {
  for (let time = 0; time < times; time++) {
    breaker.failed(failure, null, nowMs, breaker.sent(nowMs));
  }
}

describe('a breaker', () => {
  it('opens after so many failures in a row, for its cool-down', () => {
    const breaker = open();
    fail(breaker, 2);
    breaker.succeeded(breaker.sent(0));
    fail(breaker, 2);
    expect(breaker.isOpen(0)).toBe(false);
    fail(breaker, 1);
    expect([0, 999, 1_000].map((ms) => breaker.isOpen(ms))).toEqual([true, true, false]);
  });

  it('lets one try it then, and is closed or open again by what that comes to', () => {
    for (const fails of [true, false]) {
      const breaker = open();
      fail(breaker, 3);
      const sentIn = breaker.sent(1_000);
      expect(breaker.isOpen(1_000)).toBe(true);
      if (fails) breaker.failed('broken', null, 1_100, sentIn);
      else breaker.succeeded(sentIn);
      expect([1_100, 3_099, 3_100].map((ms) => breaker.isOpen(ms))).toEqual([fails, fails, false]);
    }
  });

  it('lets another try it if that came to nothing, or never ended', () => {
    const breaker = open();
    fail(breaker, 3);
    breaker.saidNothing(breaker.sent(1_000));
    expect(breaker.isOpen(1_001)).toBe(false);
    breaker.sent(1_001);
    expect([breaker.isOpen(2_000), breaker.isOpen(2_001)]).toEqual([true, false]);
  });

  // agentscope-ai/QwenPaw#6659: the first cool-down was never used.
  it('waits twice as long each time, up to a bound', () => {
    const breaker = open();
    fail(breaker, 3);
    const waits: number[] = [];
    for (let nowMs = 0, time = 0; time < 5; time++) {
      waits.push(breaker.openUntilMs - nowMs);
      nowMs = breaker.openUntilMs;
      fail(breaker, 1, nowMs);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 4_000, 4_000]);
  });

  it('waits as long as its provider says, up to the bound', () => {
    for (const [retryAfterMs, waits] of [
      [500, 1_000],
      [2_500, 2_500],
      [60_000, 4_000],
    ] as const) {
      const breaker = open();
      breaker.failed('rate_limited', retryAfterMs, 0, breaker.sent(0));
      expect(breaker.openUntilMs).toBe(waits);
    }
  });

  it('is opened at once by an account that is refused, and never by what a request asks for', () => {
    for (const failure of ['unauthorized', 'rate_limited'] as const) {
      const breaker = open();
      fail(breaker, 1, 0, failure);
      expect(breaker.isOpen(1)).toBe(true);
    }
    for (const failure of ['context_window', 'content_policy', 'model_unavailable'] as const) {
      const breaker = open();
      fail(breaker, 9, 0, failure);
      expect(breaker.isOpen(1)).toBe(false);
    }
  });

  it('takes a failure back that was not its own, unless another one came or went since', () => {
    const [counted, opened, again, served] = [open(), open(), open(), open()];
    const failed = (breaker: Breaker, nowMs = 0) =>
      breaker.failed('broken', null, nowMs, breaker.sent(nowMs));
    fail(counted, 1);
    failed(counted)();
    fail(counted, 1);
    expect(counted.isOpen(1)).toBe(false);
    fail(opened, 2);
    failed(opened)();
    expect(opened.isOpen(1)).toBe(false);
    fail(again, 2);
    const takeBack = failed(again);
    fail(again, 1, 1_000);
    takeBack();
    expect([again.isOpen(1_001), again.openUntilMs]).toEqual([true, 3_000]);
    fail(served, 2);
    const late = failed(served);
    served.succeeded(served.sent(1_000));
    late();
    expect(served.isOpen(1)).toBe(false);
  });

  it('is not held open longer by those that were sent before it opened, nor closed by them', () => {
    const breaker = open();
    const before = breaker.sent(0);
    fail(breaker, 3);
    for (const nowMs of [500, 1_500]) breaker.failed('broken', null, nowMs, before);
    expect(breaker.openUntilMs).toBe(1_000);
    breaker.succeeded(before);
    expect(breaker.isOpen(999)).toBe(true);
    const tries = breaker.sent(1_000);
    breaker.saidNothing(before);
    expect(breaker.isOpen(1_001)).toBe(true);
    breaker.succeeded(tries);
    expect(breaker.isOpen(1_001)).toBe(false);
  });
});

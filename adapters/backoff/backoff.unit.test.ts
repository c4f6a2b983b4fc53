import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Backoff, pause } from './backoff.ts';

describe('pauses after failures', () => {
  it('double up to their bound, and begin again after a success', () => {
    const backoff = new Backoff({ first: 50, max: 300 });
    const pauses = () => [1, 2, 3, 4, 5].map(() => backoff.next());
    expect(pauses()).toEqual([50, 100, 200, 300, 300]);
    backoff.reset();
    expect(pauses()).toEqual([50, 100, 200, 300, 300]);
  });

  it('are spread over the upper half of each where many processes would come back at once', () => {
    const draws = [0, 1, 0.5];
    const backoff = new Backoff({ first: 100, max: 1_000 }, () => draws.shift() ?? 0);
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([50, 200, 300]);
  });

  it('have bounds, a positive first one and a maximum that is not below it', () => {
    expect(new Backoff({ first: 10, max: 10 }).next()).toBe(10);
    for (const bounds of [
      { first: 0, max: 10 },
      { first: 11, max: 10 },
      { first: Number.NaN, max: 10 },
    ]) {
      expect(() => new Backoff(bounds)).toThrow(RangeError);
    }
  });
});

describe('a pause', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('lasts as long as it says', async () => {
    let over = false;
    const backoff = new Backoff({ first: 50, max: 300 });
    void backoff.pause().then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(49);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toBe(true);
    expect(backoff.next()).toBe(100);
  });

  it('ends when it is aborted, and leaves no timer and no listener', async () => {
    const abort = new AbortController();
    const paused = pause(1_000, abort.signal);
    abort.abort();
    await paused;
    await pause(1_000, abort.signal);
    expect(vi.getTimerCount()).toBe(0);
    const other = new AbortController();
    const second = pause(10, other.signal);
    await vi.advanceTimersByTimeAsync(10);
    await second;
    expect(getEventListeners(other.signal, 'abort')).toEqual([]);
  });
});

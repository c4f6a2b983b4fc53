import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SeenRevisions } from './seen-revisions.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('tells at once what the model has seen', async () => {
  const seen = new SeenRevisions();
  seen.take({ stream: 'key-1', revision: 4n });
  expect(await seen.sees('key-1', 4n, 1_000)).toBe(true);
  expect(await seen.sees('key-1', 3n, 1_000)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it('waits for that revision of that stream, and leaves no timer behind', async () => {
  const seen = new SeenRevisions();
  let answer: boolean | undefined;
  const waiting = seen.sees('key-1', 2n, 1_000).then((found) => {
    answer = found;
  });
  seen.take({ stream: 'key-2', revision: 7n });
  seen.take({ stream: 'key-1', revision: 1n });
  await vi.advanceTimersByTimeAsync(999);
  expect(answer).toBeUndefined();
  seen.take({ stream: 'key-1', revision: 2n });
  await waiting;
  expect([answer, vi.getTimerCount()]).toEqual([true, 0]);
});

it('gives up after the time, also for a stream without events', async () => {
  const seen = new SeenRevisions();
  const waiting = seen.sees('key-1', 0n, 1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await waiting).toBe(false);
  // Nobody waits any more: a late event wakes nothing up.
  seen.take({ stream: 'key-1', revision: 0n });
  expect(await seen.sees('key-1', 0n, 1_000)).toBe(true);
});

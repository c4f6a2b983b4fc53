import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines } from './deadlines.ts';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('deadlines on a clock that the test moves', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Adds one every 10 ms, takes these back, and says when which came. */
  function run(count: number, takenBack: readonly number[]) {
    const deadlines = new Deadlines(100);
    const startMs = performance.now();
    const due: [number, number][] = [];
    const takeBack = Array.from({ length: count }, (_, index) => {
      const back = deadlines.add(performance.now(), () => {
        due.push([index, performance.now() - startMs]);
      });
      vi.advanceTimersByTime(10);
      return back;
    });
    for (const index of takenBack) takeBack[index]?.();
    vi.advanceTimersByTime(1_000);
    // Whether it came or was taken back: taking it back again changes nothing.
    for (const back of takeBack) back();
    return { deadlines, due, startMs, timers: vi.getTimerCount() };
  }

  it.each([
    [[]],
    [[0]],
    [[3]],
    [[1, 2]],
    [[0, 1]],
    [[2, 3]],
    [[3, 2, 1]],
    [[2, 0, 2]],
    [[0, 1, 2, 3]],
  ])('come each at its time, but for those that were taken back: %j', (takenBack) => {
    const left = [0, 1, 2, 3].filter((index) => !takenBack.includes(index));
    const { due, timers } = run(4, takenBack);
    expect([due, timers]).toEqual([left.map((index) => [index, 100 + index * 10]), 0]);
  });

  it('of many things wait for one timer', () => {
    const deadlines = new Deadlines(100);
    for (let i = 0; i < 3; i++) deadlines.add(performance.now(), () => undefined);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('come again after all were taken back or had come', () => {
    const { deadlines, due, startMs } = run(2, [1]);
    deadlines.add(performance.now(), () => due.push([9, performance.now() - startMs]));
    vi.advanceTimersByTime(99);
    expect(due).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(due).toEqual([
      [0, 100],
      [9, 1_120],
    ]);
  });

  it('that are due already come on the next turn of the clock', () => {
    const deadlines = new Deadlines(100);
    const due: number[] = [];
    vi.advanceTimersByTime(500);
    deadlines.add(performance.now() - 300, () => due.push(1));
    vi.advanceTimersByTime(1);
    expect(due).toEqual([1]);
  });
});

describe('deadlines', () => {
  it('keep no process alive', () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    new Deadlines(30).add(performance.now(), () => undefined);
    expect(set.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([
      false,
    ]);
    set.mockRestore();
  });

  it('come in order, none early, and not for what was taken back', async () => {
    const deadlines = new Deadlines(30);
    const due: [string, boolean][] = [];
    const add = (name: string) => {
      const startedAtMs = performance.now();
      return deadlines.add(startedAtMs, () => {
        due.push([name, performance.now() - startedAtMs >= 30]);
      });
    };
    const takeBack = add('taken back');
    add('first');
    await wait(15);
    takeBack();
    add('second');
    await wait(100);
    const early = [...due];
    add('after an idle time');
    await wait(100);
    expect(early).toEqual([
      ['first', true],
      ['second', true],
    ]);
    expect(due.at(-1)).toEqual(['after an idle time', true]);
  });
});

import { describe, expect, it } from 'vitest';
import { Deadlines } from './deadlines.ts';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('deadlines', () => {
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

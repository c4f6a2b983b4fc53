import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SharedRuns } from './shared-runs.ts';

it('who asks while it runs gets a later run, which all of them share', async () => {
  let begun = 0;
  const runs = new SharedRuns(async () => {
    const mine = ++begun;
    await sleep(10);
    return mine;
  });
  const asked = [runs.get(), runs.get(), runs.get()];
  expect(begun).toBe(1);
  expect(await Promise.all(asked)).toEqual([1, 2, 2]);
  expect(await runs.get()).toBe(3);
});

it('a run that fails is the failure of those who asked for it, and no more', async () => {
  let begun = 0;
  const runs = new SharedRuns(async () => {
    if (++begun === 1) throw new Error('once');
    return begun;
  });
  const first = runs.get();
  const second = runs.get();
  await expect(first).rejects.toThrow('once');
  expect(await second).toBe(2);
});

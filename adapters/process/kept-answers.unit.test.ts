import { expect, it } from 'vitest';
import { KeptAnswers } from './kept-answers.ts';

function house(limits = { keptMs: 1_000, runningMax: 2, namesMax: 2 }) {
  let nowMs = 0;
  let runs = 0;
  const answers = new KeptAnswers<number>(limits, () => nowMs);
  return {
    answers,
    at: (ms: number) => {
      nowMs = ms;
    },
    ask: (name: string) => answers.get(name, async () => ++runs),
  };
}

it('one who asks all the time has one answer worked out in each moment', async () => {
  const { ask, at } = house();
  expect(await Promise.all([ask('a'), ask('a')])).toEqual([1, 1]);
  at(999);
  expect(await ask('a')).toBe(1);
  at(1_000);
  expect(await ask('a')).toBe(2);
});

it('what is asked under one name is no answer to another', async () => {
  const { ask } = house();
  expect([await ask('a'), await ask('b')]).toEqual([1, 2]);
});

it('no more than so many run at once, and one that fails makes room', async () => {
  const { answers } = house();
  const { promise, reject } = Promise.withResolvers<number>();
  const first = answers.get('a', () => promise);
  void answers.get('b', () => new Promise(() => undefined));
  expect(answers.get('c', async () => 1)).toBeNull();
  reject(new Error('away'));
  await expect(first).rejects.toThrow('away');
  expect(await answers.get('c', async () => 1)).toBe(1);
});

it('forgets the oldest of too many names', async () => {
  const { ask } = house();
  for (const name of ['a', 'b', 'c']) await ask(name);
  expect([await ask('c'), await ask('a')]).toEqual([3, 4]);
});

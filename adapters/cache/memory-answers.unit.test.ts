import { expect, it, vi } from 'vitest';
import { MemoryAnswers } from './memory-answers.ts';

const NOW_MS = 1_000;
const entry = (bytes: number) => ({
  goodUntilMs: 2 * NOW_MS,
  value: new Uint8Array(bytes),
});
const KEYS = ['a', 'b', 'c'];

it('has no more bytes than its bound: what was used least lately goes first', () => {
  const memory = new MemoryAnswers(3_000);
  for (const key of ['a', 'b']) memory.put(key, entry(1_000));
  memory.get('a', NOW_MS);
  memory.put('c', entry(1_000));
  expect(KEYS.map((key) => memory.get(key, NOW_MS)?.length ?? null)).toEqual([1_000, null, 1_000]);
  memory.put('a', entry(10));
  expect(memory.bytes).toBe(1_000 + 10 + 600);
  memory.put('large', entry(9_000));
  expect([memory.bytes, memory.get('large', NOW_MS)]).toEqual([0, null]);
});

it('a copy is good for its time alone', () => {
  const memory = new MemoryAnswers(3_000);
  memory.put('a', entry(10));
  expect(memory.get('a', 2 * NOW_MS - 1)).not.toBeNull();
  expect([memory.get('a', 2 * NOW_MS), memory.bytes]).toEqual([null, 0]);
});

// Each read deleted the entry and added it again: of one name that left 50,000 holes, which every read passed.
it('a read changes the order alone: nothing is taken from the table, or added to it', () => {
  const memory = new MemoryAnswers(3_000);
  for (const key of ['a', 'b', 'c']) memory.put(key, entry(10));
  const changes = [vi.spyOn(Map.prototype, 'delete'), vi.spyOn(Map.prototype, 'set')];
  try {
    for (const key of ['a', 'c', 'a', 'b']) memory.get(key, NOW_MS);
    expect(changes.map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  } finally {
    for (const change of changes) change.mockRestore();
  }
  memory.put('large', entry(2_200));
  expect([...KEYS, 'large'].map((key) => memory.get(key, NOW_MS)?.length ?? null)).toEqual([
    ...[null, 10, null],
    2_200,
  ]);
});

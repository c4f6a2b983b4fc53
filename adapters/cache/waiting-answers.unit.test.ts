import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AnswerHead } from './answer-table.ts';
import { type AnswerBatch, WaitingAnswers } from './waiting-answers.ts';

const limits = { queueMax: 4, waitingBytesMax: 100, batchBytes: 60, batchMs: 50 };
const answer = (key: string, text: string, ttlMs = 60_000) => ({
  ...{ key, customerId: 'cus_a', model: 'm', purgesSeen: 3, ttlMs },
  value: Buffer.from(text),
});

let batches: { batch: AnswerBatch; written: PromiseWithResolvers<void> }[];
let waiting: WaitingAnswers;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  batches = [];
  waiting = new WaitingAnswers(limits, (batch) => {
    const written = Promise.withResolvers<void>();
    batches.push({ batch, written });
    return written.promise;
  });
});
afterEach(() => vi.useRealTimers());

const keysOf = ({ batch }: { batch: AnswerBatch }) =>
  (JSON.parse(batch.heads) as AnswerHead[]).map(([key]) => key);
const found = (key: string, nowMs = 0) => waiting.get(key, nowMs)?.toString() ?? null;

it('one that comes alone goes at once, those that follow it go together', () => {
  void waiting.put(answer('a', 'of a'), 0);
  vi.advanceTimersByTime(0);
  expect(batches.map(keysOf)).toEqual([['a']]);
  void waiting.put(answer('b', 'of b'), 0);
  void waiting.put(answer('c', 'other'), 0);
  void waiting.put(answer('b', 'new b'), 0);
  vi.advanceTimersByTime(49);
  expect(batches).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(batches[1]?.batch).toEqual({
    heads: JSON.stringify([
      ['b', 'cus_a', 'm', 3, 60_000, 5],
      ['c', 'cus_a', 'm', 3, 60_000, 5],
    ]),
    values: Uint8Array.from(Buffer.from('new bother')),
  });
});

it('each is found until it is written, the last one of a key, and no longer than it may be served', async () => {
  void waiting.put(answer('a', 'old'), 0);
  waiting.flush();
  const last = waiting.put(answer('a', 'new', 10), 0);
  expect([found('a'), found('a', 10), found('b')]).toEqual(['new', null, null]);
  waiting.flush();
  for (const { written } of batches) written.resolve();
  await last;
  expect(found('a')).toBeNull();
});

it('is bounded in number and in bytes, and takes more when those are written or have failed', async () => {
  const alone = waiting.put(answer('alone', 'x'), 0);
  batches.shift()?.written.resolve();
  await alone;
  const failed = waiting.put(answer('a', 'x'.repeat(59)), 0);
  expect(waiting.put(answer('b', 'x'.repeat(42)), 0)).toBeNull();
  // Larger than a batch: it goes.
  void waiting.put(answer('c', 'x'), 0);
  expect(keysOf(batches[0] as (typeof batches)[0])).toEqual(['a', 'c']);
  void waiting.put(answer('d', 'x'), 0);
  void waiting.put(answer('e', 'x'), 0);
  expect(waiting.put(answer('f', 'x'), 0)).toBeNull();
  batches[0]?.written.reject(new Error('no disk'));
  await expect(failed).rejects.toThrow('no disk');
  expect(waiting.put(answer('f', 'x'.repeat(58)), 0)).not.toBeNull();
});

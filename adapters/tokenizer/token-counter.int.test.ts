import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { type CounterLimits, ThreadTokenCounter } from './token-counter.ts';
import { approximateTokens } from './tokenizer.ts';

const limits: CounterLimits = { tokenTextsMax: 4, tokenCountTimeoutMs: 60_000, tokenHeapMib: 256 };
const errors: Error[] = [];
let counter: ThreadTokenCounter;

function open(given: Partial<CounterLimits> = {}): ThreadTokenCounter {
  counter = new ThreadTokenCounter({ ...limits, ...given }, (error) => errors.push(error));
  return counter;
}
const counted = (texts: string[]) =>
  new Promise<readonly number[]>((resolve) => counter.count(texts, resolve));

/** What is in use on the heap, without what other tests have left to be collected. */
function heapUsed(): number {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

afterEach(async () => {
  await counter.close();
  errors.length = 0;
});

const WORDS = 'a word and another word '.repeat(100);

describe('the thread that counts tokens', () => {
  it('answers each order with its own counts, and keeps the tables off the heap', async () => {
    open();
    const before = heapUsed();
    const both = await Promise.all([
      counted(['hello world', '']),
      counted([WORDS, '<|endoftext|>']),
    ]);
    expect(both[0]).toEqual([2, 0]);
    expect(both[1]?.[0]).toBeGreaterThan(490);
    expect(heapUsed() - before).toBeLessThan(10_000_000);
  });

  it('counts the bytes of what is too long, or more than may wait, at once', () => {
    open({ tokenTextsMax: 2 });
    const told: (readonly number[])[] = [];
    counter.count(['x'.repeat(1_000_000)], (tokens) => told.push(tokens));
    expect(told).toEqual([[250_000]]);
    counter.count([WORDS, WORDS], () => undefined);
    counter.count([WORDS], (tokens) => told.push(tokens));
    expect(told[1]).toEqual([approximateTokens(WORDS)]);
  });

  it('counts the bytes once the thread has had its time, and takes no answer twice', async () => {
    open({ tokenCountTimeoutMs: 1 });
    let calls = 0;
    const tokens = await new Promise((resolve) =>
      counter.count([WORDS], (told) => {
        calls++;
        resolve(told);
      }),
    );
    expect(tokens).toEqual([approximateTokens(WORDS)]);
    await pause(1_000);
    expect(calls).toBe(1);
  });

  it('answers all who wait when the thread ends, says why, and starts another one', async () => {
    open({ tokenHeapMib: 4 });
    expect(await counted([WORDS])).toEqual([approximateTokens(WORDS)]);
    expect(errors[0]?.message).toContain('memory');
    expect(await counted([WORDS])).toEqual([approximateTokens(WORDS)]);
    expect(errors).toHaveLength(2);
  });

  it('loses nobody who asks after its end', async () => {
    await open().close();
    expect(await counted([WORDS])).toEqual([approximateTokens(WORDS)]);
  });
});

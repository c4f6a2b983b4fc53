/** How many events a window's stream gets: few at any rate, and ever fewer the longer it lasts. */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { describe, expect, it, vi } from 'vitest';
import { type BookOptions, useMemoryBooks } from '../testing/book-house.ts';
import { wanted } from '../testing/budget-house.ts';
import type { BudgetBook } from './budget-book.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1));
const HOUR_MS = 3_600_000;
const PROXIES = 4;
const TIMEOUT_MS = 60_000;

async function fourProxies(limits: BookOptions['limits'] = {}): Promise<BudgetBook[]> {
  const all = await Promise.all(Array.from({ length: PROXIES }, () => books().open({ limits })));
  for (const book of all) book.start();
  return all;
}

/** A call that may cost 1,000 and costs 100. @returns whether it was let through */
async function call(book: BudgetBook, definition: BudgetDefinition): Promise<boolean> {
  const outcome = await book.hold([wanted(definition, 1_000n)], Date.now());
  if (outcome.kind !== 'held') return false;
  for (const { account, parts } of outcome.holds) {
    account.release(
      parts,
      parts.map((_, index) => (index === 0 ? 100n : 0n)),
    );
  }
  return true;
}

const lengthOf = async (definition: BudgetDefinition, at: string) =>
  (await books().ledger.read(`budget-${definition.budget_id}@${at}`, { limit: 100_000 })).length;

describe('the stream of a window', () => {
  it(
    'gets 5 events per 1,000 calls at 400 calls a second, until all is spent, and all can be spent',
    async () => {
      const limit = 100n * 40_000n;
      const definition = await books().define({ limit, window: 'day' });
      const proxies = await fourProxies();
      let served = 0;
      let isOver = false;
      for (let tenth = 0; !isOver && tenth < 2_000; tenth++) {
        const outcomes = proxies.map(async (book) => {
          for (let one = 0; one < 10; one++) {
            if (await call(book, definition)) served++;
            else isOver = true;
          }
        });
        let areDone = false;
        void Promise.all(outcomes).then(() => {
          areDone = true;
        });
        do await vi.advanceTimersByTimeAsync(100);
        while (!areDone);
      }
      expect(limit - 100n * BigInt(served)).toBeLessThan(1_000n);
      expect(await lengthOf(definition, '20260601T000000Z')).toBeLessThan((5 * served) / 1_000);
      expect(books().errors).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'grows more slowly the longer it is, at a rate at which each call finds its slice gone',
    async () => {
      const definition = await books().define({ limit: 10n ** 12n, window: 'month' });
      const proxies = await fourProxies({ leaseSweepMs: 5_000 });
      const lengths: number[] = [];
      let calls = 0;
      for (const hours of [0.5, 1, 2]) {
        const endMs = Date.now() + hours * HOUR_MS;
        while (Date.now() < endMs) {
          const outcomes = proxies.map((book) => call(book, definition));
          await vi.advanceTimersByTimeAsync(7_000);
          calls += (await Promise.all(outcomes)).filter(Boolean).length;
        }
        lengths.push(await lengthOf(definition, '20260601T000000Z'));
      }
      const [first, second, third] = lengths as [number, number, number];
      expect(calls).toBeGreaterThan(7_000);
      // docs/design.md, Budgets: leases: at most so many in so long a time.
      const bound = 512 * (1 + Math.log2(1 + (2 * PROXIES * 3.5 * 3_600) / (512 * 5)));
      expect(third).toBeLessThan(bound);
      expect(second - first).toBeLessThan(first);
      expect(third - second).toBeLessThan(2 * (second - first));
      expect(books().errors).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

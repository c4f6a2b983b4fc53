/** How slices go back (I3): each once, with what its calls were charged, and none that a call uses. */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { holdOf, useBooks } from '../testing/book-house.ts';
import type { BudgetBook } from './budget-book.ts';

const books = useBooks();
/** A deadline that only a defect reaches. */
const WITHIN = { timeout: 10_000 };
const SWIFT = { leaseSweepMs: 5, leaseIdleMs: 10 };
/** Noon, and the end of that day. */
const NOON = Date.UTC(2026, 5, 1, 12);
const MIDNIGHT = Date.UTC(2026, 5, 2);
const DAY = '20260601T000000Z';
const NEXT_DAY = '20260602T000000Z';

const started: BudgetBook[] = [];
afterEach(async () => {
  for (const book of started.splice(0)) await book.stop();
});

function startBook(book: BudgetBook): void {
  started.push(book);
  book.start();
}

/** Ends a hold with a charge, as a call does that has settled. */
function charge([hold]: Awaited<ReturnType<typeof holdOf>>, amount: bigint): void {
  hold?.account.release(hold.parts, [amount]);
}

describe('a sweep', () => {
  it('returns an idle slice at what was spent, and the journal forgets it', async () => {
    const definition = await books().define();
    const book = await books().open({ limits: SWIFT });
    charge(await holdOf(book, definition, 10n), 7n);
    startBook(book);
    await vi.waitFor(
      async () =>
        expect(await books().window(definition)).toEqual([
          'WindowOpened 16000',
          'LeaseGranted lse_1 1000',
          'LeaseSettled lse_1 7',
        ]),
      WITHIN,
    );
    await vi.waitFor(
      async () => expect((await books().journals[0]?.contents())?.leases).toEqual([]),
      WITHIN,
    );
    expect(books().errors).toEqual([]);
  });

  it('leaves a slice alone that a call uses, or that is not idle yet', async () => {
    const definition = await books().define();
    const book = await books().open();
    await holdOf(book, definition, 10n);
    // Of another budget, unused, and younger than the idle time.
    const other = await books().define();
    const unused = await holdOf(book, other, 10n);
    book.cancel(unused);
    const swept = await books().open({ limits: { leaseSweepMs: 5, leaseIdleMs: 60_000 } });
    const third = await books().define();
    const inUse = await holdOf(swept, third, 10n);
    swept.cancel(await holdOf(swept, other, 10n));
    startBook(swept);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(inUse[0]?.account.leases.map(({ closed }) => closed)).toEqual([false]);
    expect(await books().window(third)).toHaveLength(2);
    expect(await books().window(other)).toHaveLength(3);
    expect(books().errors).toEqual([]);
    swept.cancel(inUse);
  });

  it('returns a slice that is used up, however busy', async () => {
    const definition = await books().define();
    const limits = { leaseSweepMs: 5, leaseIdleMs: 60_000 };
    const book = await books().open({ limits });
    charge(await holdOf(book, definition, 1_000n), 1_000n);
    startBook(book);
    await vi.waitFor(
      async () => expect((await books().window(definition)).at(-1)).toBe('LeaseSettled lse_1 1000'),
      WITHIN,
    );
  });

  it('of one window that fails is reported, and keeps no other from going back', async () => {
    const [bad, good] = [await books().define(), await books().define()];
    const append: Ledger['append'] = (stream, expected, events) => {
      const isBad = stream.startsWith(`budget-${bad.budget_id}@`);
      if (isBad && events[0]?.type === 'LeaseSettled') {
        const data = { lease_id: 'lse_1', spent: '0.000000000999' };
        return books().ledger.append(stream, expected, [{ ...events[0], data }] as never);
      }
      return books().ledger.append(stream, expected, events);
    };
    const book = await books().open({ between: { append } });
    for (const definition of [bad, good]) book.cancel(await holdOf(book, definition, 10n));
    await book.stop();
    expect((await books().window(good)).at(-1)).toBe('LeaseSettled lse_2 0');
    expect(books().errors).toEqual([
      [expect.stringContaining(bad.budget_id), expect.stringContaining('was settled at')],
    ]);
  });

  it('does not end with the first one, and ends with the book', async () => {
    const definition = await books().define();
    const book = await books().open({ limits: SWIFT });
    startBook(book);
    const count = async (type: string) =>
      (await books().window(definition)).filter((event) => event.startsWith(type)).length;
    for (const times of [1, 2]) {
      book.cancel(await holdOf(book, definition, 10n));
      await vi.waitFor(async () => expect(await count('LeaseSettled')).toBe(times), WITHIN);
    }
    await book.stop();
    book.cancel(await holdOf(book, definition, 10n));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect([await count('LeaseGranted'), await count('LeaseSettled')]).toEqual([3, 2]);
  });
});

describe('a book that stops', () => {
  it('I3: settles in the ledger before the journal forgets', async () => {
    const definition = await books().define();
    const order: string[] = [];
    const append: Ledger['append'] = async (stream, expected, events) => {
      const result = await books().ledger.append(stream, expected, events);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(String(events[0]?.type));
      return result;
    };
    const book = await books().open({
      between: { append },
      beforeWrite: ({ op }) => {
        order.push(op);
      },
    });
    charge(await holdOf(book, definition, 10n), 3n);
    order.length = 0;
    await book.stop();
    expect(order).toEqual(['LeaseSettled', 'lease_forgotten']);
    expect(await books().window(definition)).toContain('LeaseSettled lse_1 3');
    await book.stop();
    expect(order).toHaveLength(2);
  });

  it('I3: keeps a slice that a call still uses, and settles it when that call has ended', async () => {
    const definition = await books().define();
    const book = await books().open();
    const hold = await holdOf(book, definition, 10n);
    await book.stop();
    expect(await books().window(definition)).toHaveLength(2);
    charge(hold, 4n);
    await book.stop();
    expect((await books().window(definition)).at(-1)).toBe('LeaseSettled lse_1 4');
    expect(books().errors).toEqual([]);
  });

  it('I3: fails to settle a slice in use: its charge is not known yet', async () => {
    const definition = await books().define();
    const [hold] = await holdOf(await books().open(), definition, 10n);
    const [lease] = hold?.account.leases ?? [];
    if (hold === undefined || lease === undefined) throw new Error('no lease');
    await expect(hold.account.settle(lease)).rejects.toThrow('in use');
    hold.account.close(lease);
    await expect(hold.account.settle(lease)).rejects.toThrow('in use');
    hold.account.release(hold.parts, []);
    await hold.account.settle(lease);
    expect(hold.account.leases).toEqual([]);
    expect(hold.account.isDone).toBe(true);
  });
});

describe('the end of a window', () => {
  it('I3: closes its slices to new calls, and those that run are charged to it', async () => {
    const clock = vi.spyOn(Date, 'now').mockReturnValue(NOON);
    const definition = await books().define({ window: 'day' });
    const book = await books().open();
    const hold = await holdOf(book, definition, 10n);
    expect(hold[0]?.account.left.free()).toBe(990n);
    clock.mockReturnValue(MIDNIGHT - 1);
    await book.stop();
    expect(hold[0]?.account.left.free()).toBe(990n);
    clock.mockReturnValue(MIDNIGHT);
    await book.stop();
    expect(hold[0]?.account.left.free()).toBe(0n);
    charge(hold, 5n);
    await book.stop();
    expect((await books().window(definition, DAY)).at(-1)).toBe('LeaseSettled lse_1 5');
  });

  it('is exact: its last millisecond is in it, the next one in the next window', async () => {
    const definition = await books().define({ window: 'day' });
    const book = await books().open();
    for (const at of [NOON, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1]) {
      await holdOf(book, definition, 10n, at);
    }
    await holdOf(book, definition, 10n, Date.UTC(2026, 5, 1));
    expect(await books().window(definition, DAY)).toEqual([
      'WindowOpened 16000',
      'LeaseGranted lse_1 1000',
    ]);
    expect(await books().window(definition, NEXT_DAY)).toEqual([
      'WindowOpened 16000',
      'LeaseGranted lse_2 1000',
    ]);
  });

  it('I3: loses no slice when the definition changes within the window', async () => {
    const definition = await books().define();
    const book = await books().open();
    const hold = await holdOf(book, definition, 10n);
    const same = await holdOf(book, { ...definition }, 10n);
    expect(same[0]?.account).toBe(hold[0]?.account);
    book.cancel([...hold, ...same]);
    await book.stop();
    expect(await books().window(definition)).toEqual([
      'WindowOpened 16000',
      'LeaseGranted lse_1 1000',
      'LeaseSettled lse_1 0',
    ]);
  });
});

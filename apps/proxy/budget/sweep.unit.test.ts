/** I3: when slices go back, and what becomes of a grant whose answer was never heard. */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { holdOf, useMemoryBooks } from '../testing/book-house.ts';
import { wanted } from '../testing/budget-house.ts';
import { WatchedLedger } from '../testing/watched-ledger.ts';
import type { BudgetBook } from './budget-book.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const MIDNIGHT = Date.UTC(2026, 5, 2);
const DAY = '20260601T000000Z';
const { leaseIdleMs, leaseSweepMs } = proxyLimits;
/** Longer than a grant is tried. */
const GIVEN_UP_MS = 60_000;
const books = useMemoryBooks(NOON);

let ledger: WatchedLedger;
/** What the book's journal was asked to write. */
let written: string[];
let book: BudgetBook;
let total: BudgetDefinition;
beforeEach(async () => {
  ledger = new WatchedLedger();
  written = [];
  book = await books().open({
    between: ledger.between(books().ledger),
    beforeWrite: ({ op }) => void written.push(op),
  });
  total = await books().define();
});

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const settled = async (definition: BudgetDefinition, at?: string) =>
  (await books().window(definition, at)).filter((event) => event.startsWith('LeaseSettled'));

/** What a call is told, once it is. */
function ask(definition: BudgetDefinition, amount: bigint): string[] {
  const said: string[] = [];
  void book.hold([wanted(definition, amount)], Date.now()).then(({ kind }) => said.push(kind));
  return said;
}

async function use(definition: BudgetDefinition): Promise<void> {
  book.cancel(await holdOf(book, definition, 10n));
}

describe('a slice goes back', () => {
  it('once it was idle for so long, and not before', async () => {
    book.start();
    await use(total);
    await pass(leaseIdleMs - 1);
    expect(await settled(total)).toEqual([]);
    await pass(1);
    expect(await settled(total)).toEqual(['LeaseSettled lse_1 0']);
  });

  it('as something that nobody waits for: a call that needs a slice goes first', async () => {
    const appended: [string | undefined, unknown][] = [];
    const idle = await books().open({
      between: {
        append: (stream, expected, events, urgency) => {
          appended.push([events.at(-1)?.type, urgency?.background ?? false]);
          return books().ledger.append(stream, expected, events);
        },
      },
    });
    idle.start();
    idle.cancel(await holdOf(idle, total, 10n));
    await pass(leaseIdleMs);
    expect(appended).toEqual([
      ['LeaseGranted', false],
      ['LeaseSettled', true],
    ]);
    await idle.stop();
  });

  it('as often as it gets idle, until the book stops', async () => {
    book.start();
    for (const times of [1, 2, 3]) {
      await use(total);
      await pass(leaseIdleMs + leaseSweepMs);
      expect(await settled(total)).toHaveLength(times);
    }
    await book.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('once, although the book stops while a sweep settles it', async () => {
    book.start();
    await use(total);
    ledger.asked.length = 0;
    await pass(leaseIdleMs - 1);
    const answer = ledger.hold();
    await pass(1);
    const stopped = book.stop();
    await pass();
    answer();
    await stopped;
    expect(ledger.asked.filter((asked) => asked.startsWith('append'))).toEqual([
      'append LeaseSettled',
    ]);
    expect(await settled(total)).toHaveLength(1);
  });

  it('without a look at what the ledger said before it was granted', async () => {
    await use(total);
    ledger.asked.length = 0;
    await book.stop();
    expect(ledger.asked).toEqual(['append LeaseSettled', 'read window 2']);
  });

  it('of its own budget; where the ledger fails for one of them the others go back', async () => {
    const others = [await books().define(), await books().define()] as const;
    for (const definition of [total, ...others]) await use(definition);
    const failing = `budget-${others[0].budget_id}@19700101T000000Z`;
    ledger.beforeAppend = (stream, event) => {
      if (stream === failing && event.type === 'LeaseSettled') {
        event.data = { ...(event.data as object), spent: '0.000000000999' };
      }
    };
    await book.stop();
    expect(await settled(total)).toEqual(['LeaseSettled lse_1 0']);
    expect(await settled(others[1])).toEqual(['LeaseSettled lse_3 0']);
    expect(books().errors).toEqual([[failing, expect.stringContaining('was settled at')]]);
  });
});

describe('a window that has ended', () => {
  let daily: BudgetDefinition;
  beforeEach(async () => {
    daily = await books().define({ window: 'day' });
  });

  it('is forgotten once nothing of it is left, and not in its last millisecond', async () => {
    const [before] = await holdOf(book, daily, 10n, NOON);
    book.cancel(before === undefined ? [] : [before]);
    vi.setSystemTime(MIDNIGHT - 1);
    await book.stop();
    const [same] = await holdOf(book, daily, 10n, NOON);
    expect(same?.account).toBe(before?.account);
    vi.setSystemTime(MIDNIGHT);
    await book.stop();
    // I3: the slice that a call uses takes no others on.
    expect(same?.account.left.free()).toBe(0n);
    const [kept] = await holdOf(book, daily, 10n, NOON);
    expect(kept?.account).toBe(before?.account);
    book.cancel([same, kept].flatMap((hold) => hold ?? []));
    await book.stop();
    const [other] = await holdOf(book, daily, 10n, NOON);
    expect(other?.account).not.toBe(before?.account);
    expect(books().errors).toEqual([]);
  });

  it('gives back what was granted while it ended', async () => {
    const answer = ledger.hold();
    const said = ask(daily, 10n);
    await pass();
    vi.setSystemTime(MIDNIGHT);
    await book.stop();
    answer();
    await pass();
    expect(said).toEqual(['held']);
    await book.stop();
    expect((await books().window(daily, DAY)).at(-1)).toBe('LeaseGranted lse_1 1000');
  });
});

describe('a grant whose answer was never heard', () => {
  /** The ledger has it, and the book does not know. */
  async function lose(definition: BudgetDefinition): Promise<void> {
    await holdOf(await books().open(), definition, 10n);
    ledger.fault = 'lost';
    const said = ask(definition, 10n);
    await pass(GIVEN_UP_MS);
    expect(said).toEqual(['unavailable']);
    ledger.fault = null;
    ledger.asked.length = 0;
  }
  const GRANTED_ONCE = ['WindowOpened 16000', 'LeaseGranted lse_1 1000', 'LeaseGranted lse_2 1000'];

  it('is used by the next call, and no second one is asked for', async () => {
    await lose(total);
    expect(await holdOf(book, total, 1_000n)).toHaveLength(1);
    expect(await books().window(total)).toEqual(GRANTED_ONCE);
  });

  it('is found by a sweep, and goes back', async () => {
    await lose(total);
    await book.stop();
    expect(await books().window(total)).toEqual([...GRANTED_ONCE, 'LeaseSettled lse_2 0']);
  });

  it('keeps its window until it is known', async () => {
    const daily = await books().define({ window: 'day' });
    await lose(daily);
    vi.setSystemTime(MIDNIGHT);
    ledger.fault = 'away';
    const stopped = book.stop();
    await pass(GIVEN_UP_MS);
    await stopped;
    ledger.fault = null;
    await book.stop();
    expect((await books().window(daily, DAY)).at(-1)).toBe('LeaseSettled lse_2 0');
  });

  it('serves the calls that came while it was asked for, as far as it goes', async () => {
    await lose(total);
    book.start();
    const answer = ledger.hold();
    await pass(leaseSweepMs);
    const said = ask(total, 1_000n);
    await pass();
    expect(said).toEqual([]);
    answer();
    await pass();
    expect(said).toEqual(['held']);
    expect(ledger.asked).toEqual(['append LeaseGranted']);
  });

  it('is asked for by one at a time', async () => {
    await lose(total);
    const answer = ledger.hold();
    const said = ask(total, 10n);
    await pass();
    const stopped = book.stop();
    await pass();
    answer();
    await pass();
    await stopped;
    expect([said, ledger.asked]).toEqual([['held'], ['append LeaseGranted']]);
  });

  it('that never landed is refused, and another one is asked for', async () => {
    const other = await books().open();
    await holdOf(other, total, 10n);
    ledger.beforeAppend = () => Promise.reject(new Error('away'));
    ask(total, 10n);
    await pass(GIVEN_UP_MS);
    ledger.beforeAppend = () => undefined;
    await holdOf(other, total, 5_000n);
    expect(await holdOf(book, total, 10_000n)).toHaveLength(1);
    expect(written.slice(0, 2)).toEqual(['lease_requested', 'lease_refused']);
    expect((await books().window(total)).slice(1).map((event) => event.split(' ').at(-1))).toEqual([
      ...['1000', '4010', '10000'],
    ]);
  });
});

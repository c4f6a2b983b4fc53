/** What calls are told, when, and what the ledger is asked for it, to the last unit and millisecond. */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { type BookOptions, holdOf, useMemoryBooks } from '../testing/book-house.ts';
import { wanted } from '../testing/budget-house.ts';
import { WatchedLedger } from '../testing/watched-ledger.ts';
import type { BudgetBook } from './budget-book.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const MIDNIGHT = Date.UTC(2026, 5, 2);
const books = useMemoryBooks(NOON);

/** What calls were told so far, in order. */
let said: string[];
let ledger: WatchedLedger;
beforeEach(() => {
  said = [];
  ledger = new WatchedLedger();
});

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const open = (limits: BookOptions['limits'] = {}) =>
  books().open({ between: ledger.between(books().ledger), limits });

function ask(book: BudgetBook, definition: BudgetDefinition, ...amounts: bigint[]): void {
  for (const amount of amounts) {
    const outcome = book.hold([wanted(definition, amount)], Date.now());
    void outcome.then(({ kind }) => said.push(`${amount} ${kind}`));
  }
}

describe('a hold', () => {
  it('is in the window of the moment of its call, whatever calls came before', async () => {
    const definition = await books().define({ window: 'day' });
    const book = await open();
    const moments = [
      NOON,
      MIDNIGHT - 1,
      MIDNIGHT,
      MIDNIGHT + 1,
      MIDNIGHT - 1,
      MIDNIGHT - 86_400_000,
    ];
    const windows: string[] = [];
    for (const at of moments) {
      const [hold] = await holdOf(book, definition, 10n, at);
      windows.push(String(hold?.account.stream.split('@')[1]));
    }
    expect(windows.map((start) => start.slice(6, 8))).toEqual(['01', '01', '02', '02', '01', '01']);
  });

  it('I3: is of all budgets on the path or of none, whichever fails', async () => {
    const budgets = [await books().define(), await books().define({ limit: 5n })] as const;
    const unknown = { ...budgets[1], time_zone: 'Mars/Olympus', window: 'day' } as const;
    const book = await open();
    const [first] = await holdOf(book, budgets[0], 1n);
    for (const last of [budgets[1], unknown]) {
      const requests = [budgets[0], last].map((definition) => wanted(definition, 10n));
      const outcome = await book.hold(requests, NOON);
      said.push(outcome.kind);
      if (outcome.kind === 'exceeded') expect(outcome.account.definition).toBe(last);
    }
    expect(said).toEqual(['exceeded', 'unavailable']);
    expect(first?.account.leases.map(({ held, holds }) => [held, holds])).toEqual([[1n, 1]]);
    expect(books().errors).toEqual([[unknown.budget_id, expect.stringContaining('Mars/Olympus')]]);
  });
});

it('holds come in the order in which they were asked for', async () => {
  const [first, second] = [await books().define(), await books().define()];
  const requests = [first, second].map((definition) => wanted(definition, 1n));
  const outcome = await (await open()).hold(requests, NOON);
  if (outcome.kind !== 'held') throw new Error(outcome.kind);
  expect(outcome.holds.map(({ account }) => account.definition)).toEqual([first, second]);
});

// Each takes some answers of the ledger: one after another, they are more than a call waits for.
it('a call reads those of its budgets that it has not read while it waits for the first', async () => {
  const budgets = [await books().define(), await books().define(), await books().define()];
  const requests = budgets.map((definition) => wanted(definition, 1n));
  const answer = ledger.hold();
  const held = (await open()).hold(requests, NOON);
  await pass();
  const reads = () => ledger.asked.filter((asked) => asked.startsWith('read window'));
  expect(reads()).toHaveLength(budgets.length);
  answer();
  await pass();
  expect((await held).kind).toBe('held');
  expect(reads()).toHaveLength(budgets.length);
});

describe('calls that wait', () => {
  it('are served by one grant, in order of arrival, as far as it goes', async () => {
    const definition = await books().define();
    const book = await open();
    ask(book, definition, 300n, 300n, 400n);
    await pass();
    expect(said).toEqual(['300 held', '300 held', '400 held']);
    expect(
      ledger.asked.filter((asked) => asked === 'append WindowOpened LeaseGranted'),
    ).toHaveLength(1);
    ask(book, definition, 9_000n, 8_000n, 6_000n);
    await pass();
    expect(said.slice(3)).toEqual(['9000 held', '6000 held', '8000 exceeded']);
  });

  it('are each refused after the time limit, and none with another', async () => {
    const definition = await books().define();
    const book = await open();
    const answer = ledger.hold();
    ask(book, definition, 600n);
    await pass(proxyLimits.grantTimeoutMs - 1);
    ask(book, definition, 500n);
    await pass();
    expect(said).toEqual([]);
    await pass(1);
    expect(said).toEqual(['600 unavailable']);
    answer();
    await pass();
    expect([said, vi.getTimerCount()]).toEqual([['600 unavailable', '500 held'], 0]);
    // I3: the one that was refused holds nothing.
    ask(book, definition, 500n);
    await pass();
    expect(await books().window(definition)).toHaveLength(2);
  });

  it('are so many at most', async () => {
    const definition = await books().define();
    const book = await open({ grantWaitersMax: 2 });
    const answer = ledger.hold();
    ask(book, definition, 1n, 2n, 3n);
    await pass();
    expect(said).toEqual(['3 unavailable']);
    answer();
    await pass();
    expect(said).toEqual(['3 unavailable', '1 held', '2 held']);
  });

  it('are all told when the ledger fails, and the next one asks again', async () => {
    const definition = await books().define();
    const book = await open();
    ledger.fault = 'away';
    ask(book, definition, 1n, 2n);
    await pass();
    const stream = `budget-${definition.budget_id}@19700101T000000Z`;
    expect([said, books().errors, vi.getTimerCount()]).toEqual([
      ['1 unavailable', '2 unavailable'],
      [[stream, 'Error: away']],
      0,
    ]);
    ledger.fault = null;
    ask(book, definition, 3n);
    await pass();
    expect(said[2]).toBe('3 held');
  });
});

describe('a call that is too large for what is left', () => {
  it('is refused for a while without asking the ledger, and so are larger ones', async () => {
    const definition = await books().define();
    const book = await open();
    ask(book, definition, 18_000n, 17_000n, 19_000n);
    await pass(proxyLimits.exhaustedForMs - 1);
    // That a smaller one is served changes nothing.
    await holdOf(book, definition, 10n);
    ledger.asked.length = 0;
    ask(book, definition, 17_000n, 20_000n);
    await pass();
    expect([said.length, new Set(said.map((told) => told.split(' ')[1]))]).toEqual([
      5,
      new Set(['exceeded']),
    ]);
    expect(ledger.asked).toEqual([]);
    ask(book, definition, 16_999n);
    await pass();
    expect(ledger.asked).toHaveLength(1);
  });

  it('asks again afterwards', async () => {
    const definition = await books().define();
    const book = await open();
    ask(book, definition, 17_000n);
    await pass(proxyLimits.exhaustedForMs);
    ledger.asked.length = 0;
    ask(book, definition, 17_000n);
    await pass();
    expect([said, ledger.asked.length]).toEqual([['17000 exceeded', '17000 exceeded'], 1]);
  });

  it('does not keep smaller ones from being served', async () => {
    const definition = await books().define();
    const book = await open();
    ask(book, definition, 16_001n, 15_000n, 1_001n, 1_000n);
    await pass();
    expect(said).toEqual(['15000 held', '1000 held', '16001 exceeded', '1001 exceeded']);
  });
});

/** Budget templates: a window for each end user, the ledger's cost of it, and the memory's. */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { type BookOptions, useMemoryBooks } from '../testing/book-house.ts';
import { wanted } from '../testing/budget-house.ts';
import { WatchedLedger } from '../testing/watched-ledger.ts';
import type { BudgetBook } from './budget-book.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const HOUR_MS = 3_600_000;
const { leaseIdleMs, leaseSweepMs, endUserForgetMs } = proxyLimits;
/** A slice that was used goes back, and its window is forgotten. */
const FORGOTTEN_MS = leaseIdleMs + leaseSweepMs + endUserForgetMs + leaseSweepMs;
const books = useMemoryBooks(NOON);

let ledger: WatchedLedger;
beforeEach(() => {
  ledger = new WatchedLedger();
});

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const open = (limits: BookOptions['limits'] = {}) =>
  books().open({ between: ledger.between(books().ledger), limits });
const template = (fields: Partial<BudgetDefinition> = {}) =>
  books().define({ per: 'end_user', ...fields });

/** Digests as long as real ones. */
const anna = 'a'.repeat(32);
const ben = 'b'.repeat(32);
const nth = (n: number) => String(n).padStart(32, '0');

/** A call that takes `amount` of its hold. @returns the kind of its outcome */
async function call(
  book: BudgetBook,
  definition: BudgetDefinition,
  endUser: string,
  amount = 10n,
  charged = amount,
): Promise<string> {
  const outcome = await book.hold([wanted(definition, amount, endUser)], Date.now());
  if (outcome.kind !== 'held') return outcome.kind;
  for (const { account, parts } of outcome.holds) {
    let left = charged;
    const charges = parts.map((part) => {
      const share = left < part.amount ? left : part.amount;
      left -= share;
      return share;
    });
    account.release(parts, charges);
  }
  return 'held';
}

async function window(definition: BudgetDefinition, endUser: string): Promise<string[]> {
  const stream = `budget-${definition.budget_id}~${endUser}@19700101T000000Z`;
  return (await books().ledger.read(stream)).map(({ type }) => type);
}

describe('each end user', () => {
  // litellm#15967: end users who were not provisioned had no limit.
  it('has the whole limit, from the first call on, whatever others spend', async () => {
    const definition = await template({ limit: 40n });
    const book = await open();
    const said = [];
    for (const who of [anna, ben]) {
      for (let n = 0; n < 5; n++) said.push(await call(book, definition, who));
    }
    const four = ['held', 'held', 'held', 'held'];
    expect(said).toEqual([...four, 'exceeded', ...four, 'exceeded']);
  });

  // litellm#40095, litellm#34732: the first concurrent calls of an unknown end user passed unchecked.
  it('I3: is limited from the first of many calls at once, through any number of proxies', async () => {
    const definition = await template({ limit: 40n });
    const proxies = await Promise.all([open(), open(), open()]);
    ledger.answerMs = 3;
    const holding = Array.from({ length: 30 }, (_, n) =>
      (proxies[n % 3] as BudgetBook).hold([wanted(definition, 10n, anna)], NOON),
    );
    await pass(20_000);
    const kinds = (await Promise.all(holding)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'held')).toHaveLength(4);
  });

  // litellm#24675, litellm#7129: what an end user had spent was never reset.
  it('has windows of its own in time: midnight gives the whole limit again', async () => {
    const definition = await template({ limit: 10n, window: 'day' });
    const book = await open();
    expect(await call(book, definition, anna)).toBe('held');
    expect(await call(book, definition, anna)).toBe('exceeded');
    vi.setSystemTime(NOON + 12 * HOUR_MS);
    expect(await call(book, definition, anna)).toBe('held');
  });

  it('is one of several budgets on a path: all can pay, or nothing is held', async () => {
    const shared = await books().define({ limit: 100n });
    const definition = await template({ limit: 20n });
    const book = await open();
    const both = (who: string) =>
      book.hold([wanted(shared, 10n), wanted(definition, 10n, who)], NOON);
    await both(anna);
    await both(anna);
    const outcomes = [await both(anna), await both(ben)];
    expect(outcomes.map(({ kind }) => kind)).toEqual(['exceeded', 'held']);
    const [ofShared] = outcomes[1]?.kind === 'held' ? outcomes[1].holds : [];
    expect(ofShared?.account.left.remaining()).toBe(70n);
  });

  it('is bound by a changed limit at the next slice, and no kept slice outlives a lower one', async () => {
    const definition = await template({ limit: 800n });
    const book = await open();
    await call(book, definition, anna);
    const lowered = { ...definition, limit: 0n, revision: 1n };
    await books().ledger.append(`budget_definition-${definition.budget_id}`, 0n, [
      {
        id: 'lowered',
        type: 'BudgetLimitChanged',
        data: { budget_id: definition.budget_id, limit: '0.000000000000' },
      },
    ]);
    expect(await call(book, lowered, anna)).toBe('exceeded');
    expect((await window(definition, anna)).at(-1)).toBe('LimitChanged');
  });
});

describe('the ledger has few events of an end user', () => {
  it('three of one with a few calls', async () => {
    const definition = await template();
    const book = await open();
    book.start();
    for (let n = 0; n < 10; n++) await call(book, definition, anna);
    await pass(FORGOTTEN_MS);
    expect(await window(definition, anna)).toEqual([
      'WindowOpened',
      'LeaseGranted',
      'LeaseSettled',
    ]);
    await book.stop();
  });

  /** @returns how many the ledger has of an end user who calls so often for so many hours */
  async function eventsOf(everyMs: number, hours: number, limits: BookOptions['limits'] = {}) {
    const definition = await template({ limit: 16_000_000n });
    const book = await open(limits);
    book.start();
    for (let atMs = 0; atMs < hours * HOUR_MS; atMs += everyMs) {
      await call(book, definition, anna, 10n, 1n);
      await pass(everyMs);
    }
    await book.stop();
    return (await window(definition, anna)).length;
  }

  it('a bounded number of one who calls each minute for hours', async () => {
    expect(await eventsOf(60_000, 6)).toBeLessThan(60);
  });

  it('a bounded number of one who calls every seven seconds for hours', async () => {
    expect(await eventsOf(7_000, 6)).toBeLessThan(60);
  });

  it('a bounded number of each in a crowd, where none can keep a slice for long', async () => {
    const inCrowd = { endUserKeptMax: 0 };
    const ofAMinute = await eventsOf(60_000, 6, inCrowd);
    expect(ofAMinute).toBeGreaterThan(60);
    expect(ofAMinute).toBeLessThan(320);
  });
});

describe('the memory of a proxy', () => {
  it('forgets the windows that nobody uses', async () => {
    const definition = await template();
    const book = await open();
    book.start();
    for (let n = 0; n < 200; n++) await call(book, definition, nth(n));
    expect(book.endUserWindows).toBe(200);
    await pass(FORGOTTEN_MS);
    expect(book.endUserWindows).toBe(0);
    await book.stop();
  });

  it('I3: has what a forgotten window had spent when its end user comes again', async () => {
    const definition = await template({ limit: 40n });
    const book = await open();
    book.start();
    for (let n = 0; n < 3; n++) await call(book, definition, anna);
    await pass(20 * FORGOTTEN_MS);
    expect(book.endUserWindows).toBe(0);
    expect([await call(book, definition, anna), await call(book, definition, anna)]).toEqual([
      'held',
      'exceeded',
    ]);
    await book.stop();
  });

  it('has so many windows and no more: one more end user is refused until there is room', async () => {
    const definition = await template();
    const book = await open({ endUserWindowsMax: 2 });
    book.start();
    const said = [];
    for (const who of [anna, ben, nth(3), anna]) said.push(await call(book, definition, who));
    await pass(FORGOTTEN_MS);
    said.push(await call(book, definition, nth(3)));
    expect(said).toEqual(['held', 'held', 'unavailable', 'held', 'held']);
    await book.stop();
  });

  it('reads a window with an idle slice again each second only where little is left', async () => {
    const plenty = await template();
    const scarce = await template({ limit: 16n });
    const book = await open({ leaseScarceIdleMs: 2_000 });
    book.start();
    const readsOf = async (definition: BudgetDefinition) => {
      await call(book, definition, anna, 14n, 1n);
      const before = ledger.asked.length;
      await pass(4 * leaseSweepMs);
      const asked = ledger.asked.slice(before);
      await pass(FORGOTTEN_MS);
      return asked.filter((one) => one.startsWith('read window')).length;
    };
    expect(await readsOf(plenty)).toBe(0);
    expect(await readsOf(scarce)).toBeGreaterThan(0);
    await book.stop();
  });

  it('keeps so many idle slices for long, those that were used last', async () => {
    const definition = await template({ limit: 16_000_000n });
    const book = await open({ endUserKeptMax: 2 });
    book.start();
    const everybody = [1, 2, 3, 4].map(nth);
    // Their slices are kept for minutes by now.
    for (let n = 0; n < 10; n++) {
      for (const who of everybody) await call(book, definition, who);
      await pass(leaseIdleMs * 2 ** Math.ceil(n / 2) + 2 * leaseSweepMs);
    }
    for (const who of everybody) {
      await call(book, definition, who);
      await pass(10);
    }
    await pass(FORGOTTEN_MS);
    const last = await Promise.all(everybody.map((who) => window(definition, who)));
    expect(last.map((events) => events.at(-1))).toEqual([
      ...['LeaseSettled', 'LeaseSettled'],
      ...['LeaseGranted', 'LeaseGranted'],
    ]);
    await book.stop();
  });
});

describe('a crowd of new end users', () => {
  it('asks for so many slices at once, and other budgets do not wait for it', async () => {
    const crowded = await template();
    const shared = await books().define();
    const book = await open({ endUserGrantsMax: 8 });
    let running = 0;
    let most = 0;
    ledger.answerMs = 10;
    ledger.beforeAppend = async (stream) => {
      if (!stream.includes('~')) return;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running--;
    };
    const crowd = Array.from({ length: 200 }, (_, n) => call(book, crowded, nth(n)));
    const startMs = performance.now();
    const other = book.hold([wanted(shared, 10n)], NOON).then(() => performance.now() - startMs);
    await pass(20_000);
    expect(await Promise.all(crowd)).toEqual(crowd.map(() => 'held'));
    expect(most).toBeLessThanOrEqual(8);
    // What a grant takes alone: its questions, one after another.
    expect(await other).toBeLessThan(150);
  });

  it('leaves turns to the end users of another template', async () => {
    const crowded = await template();
    const quiet = await template();
    const book = await open({ endUserGrantsMax: 8 });
    ledger.answerMs = 10;
    const crowd = Array.from({ length: 400 }, (_, n) => call(book, crowded, nth(n)));
    const startMs = performance.now();
    const other = call(book, quiet, anna).then(() => performance.now() - startMs);
    await pass(20_000);
    await Promise.all(crowd);
    expect(await other).toBeLessThan(300);
  });
});

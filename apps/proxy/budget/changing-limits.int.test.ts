/** Limits that change with time (docs/design.md), as proxies that share a budget meet them. */
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { BudgetDefinitionEvent } from '@tollgate/domain/budget/budget-events.ts';
import { type BudgetDefinition, evolveDefinition } from '@tollgate/domain/budget/definition.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { holdOf, useBooks } from '../testing/book-house.ts';
import { wanted } from '../testing/budget-house.ts';
import type { BudgetBook } from './budget-book.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const books = useBooks();
let clock: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  clock = vi.spyOn(Date, 'now').mockReturnValue(NOON);
});
const timeIs = (ms: number) => void clock.mockReturnValue(ms as never);

/** A proxy that does not wait for slices of others: what is left is what counts here. */
const open = (between: Partial<Ledger> = {}) =>
  books().open({ between, limits: { leaseReturnWaitMs: 1 } });
const pico = (amount: number) => `0.${String(amount).padStart(12, '0')}`;
const iso = (ms: number) => new Date(ms).toISOString();

/** The operator changes the definition, and dies before the window is told. */
async function changed(
  of: BudgetDefinition,
  ...events: BudgetDefinitionEvent[]
): Promise<BudgetDefinition> {
  let definition = of;
  for (const event of events) {
    const stream = `budget_definition-${of.budget_id}`;
    const { revision } = definition;
    const id = ledgerEventId(stream, event.type, String(revision + 1n));
    await books().ledger.append(stream, revision, [{ id, ...event }]);
    definition = evolveDefinition(definition, event, revision + 1n);
  }
  return definition;
}
const raised = (amount: number, untilMs: number, raise_id = 'rse_1') => {
  const data = { budget_id: 'bud', raise_id, amount: pico(amount), until: iso(untilMs) };
  return { type: 'BudgetRaised', data } as const;
};
const toppedUp = (amount: number, endsMs: number, top_up_id = 'top_1') => {
  const data = { budget_id: 'bud', top_up_id, amount: pico(amount), expires_at: iso(endsMs) };
  return { type: 'BudgetToppedUp', data } as const;
};
const outcome = async (book: BudgetBook, of: BudgetDefinition, amount: bigint, atMs = Date.now()) =>
  (await book.hold([wanted(of, amount)], atMs)).kind;

describe('a raise', () => {
  it('I3: binds the open window of every proxy although who made it died before it could say so', async () => {
    const before = await books().define({ limit: 1_000n });
    const [one, two] = [await open(), await open()];
    await holdOf(one, before, 1_000n);
    expect(await outcome(two, before, 400n)).toBe('exceeded');
    const after = await changed(before, raised(500, NOON + MINUTE));
    expect(await outcome(two, after, 400n)).toBe('held');
    expect(await outcome(one, after, 200n)).toBe('exceeded');
  });

  // litellm#25760: what was in a cache did not know of the raise, and of its end.
  it('I3: ends for a slice that was granted before, and never for a running call', async () => {
    const before = await books().define({ limit: 1_000n });
    const of = await changed(before, raised(15_000, NOON + MINUTE));
    const book = await open();
    const [running] = await holdOf(book, of, 100n);
    // A slice of the raised limit: calls take of it without asking, and 100 of it are left.
    expect(await outcome(book, of, 800n)).toBe('held');
    expect(running?.account.leases).toHaveLength(1);
    timeIs(NOON + MINUTE);
    expect(await outcome(book, of, 1n)).toBe('exceeded');
    // The calls that run keep what they hold, and are charged.
    if (running === undefined) throw new Error('no hold');
    running.account.release(running.parts, [100n]);
    expect(running.account.account.held).toBe(1_000n);
  });

  it('I3: is over for a proxy whose clock is behind, once another has recorded that', async () => {
    const before = await books().define({ limit: 1_000n });
    const of = await changed(before, raised(1_000, NOON + MINUTE));
    const [ahead, behind] = [await open(), await open()];
    timeIs(NOON + MINUTE);
    await holdOf(ahead, of, 900n);
    timeIs(NOON);
    expect(await outcome(behind, of, 200n)).toBe('exceeded');
    const limits = (await books().window(of)).filter((text) => !text.startsWith('Lease'));
    expect(limits).toEqual(['WindowOpened 1000']);
  });

  it('I3: that ends between the read and the grant of another proxy is not granted any more', async () => {
    const before = await books().define({ limit: 1_000n });
    const of = await changed(before, raised(1_000, NOON + MINUTE));
    let isDone = false;
    const append: Ledger['append'] = async (stream, expected, events) => {
      if (events.at(-1)?.type === 'LeaseGranted' && !isDone) {
        isDone = true;
        timeIs(NOON + MINUTE);
        const other = await open();
        await holdOf(other, of, 1_000n);
        timeIs(NOON);
      }
      return books().ledger.append(stream, expected, events);
    };
    const book = await open({ append });
    expect(await outcome(book, of, 500n)).toBe('exceeded');
  });

  it('I3: that ends while a slice of it is on its way to the journal is in no slice that calls take of', async () => {
    const before = await books().define({ limit: 1_000n });
    const of = await changed(before, raised(31_000, NOON + MINUTE));
    // It opens the window, and is granted nothing.
    expect(await outcome(await open(), of, 99_999n)).toBe('exceeded');
    let later: Promise<string> | undefined;
    const beforeWrite = ({ op }: { op: string }) => {
      if (op !== 'lease_requested' || later !== undefined) return;
      timeIs(NOON + MINUTE);
      later = outcome(book, of, 1_500n);
    };
    const book = await books().open({ beforeWrite, limits: { leaseReturnWaitMs: 1 } });
    // A slice of 2,000, by the raised limit.
    expect(await outcome(book, of, 100n)).toBe('held');
    expect(await later).toBe('exceeded');
  });

  it('I3: that ends while a call waits for the ledger is not granted to it', async () => {
    const before = await books().define({ limit: 1_000n });
    const of = await changed(before, raised(1_000, NOON + MINUTE));
    const read: Ledger['read'] = async (stream, options) => {
      const events = await books().ledger.read(stream, options);
      if (!stream.startsWith('budget_definition-')) timeIs(NOON + MINUTE);
      return events;
    };
    expect(await outcome(await open({ read }), of, 1_500n, NOON)).toBe('exceeded');
  });

  it('that is ended early gives back at once what no call uses', async () => {
    const before = await books().define({ limit: 1_000n });
    const raise = await changed(before, raised(7_000, NOON + MINUTE));
    const book = await open();
    // A slice of 500; 100 of it are used.
    const [small] = await holdOf(book, raise, 100n);
    small?.account.release(small.parts, [100n]);
    const ended = await changed(raise, {
      type: 'BudgetRaiseEnded',
      data: { budget_id: 'bud', raise_id: 'rse_1' },
    });
    expect(await outcome(book, ended, 900n)).toBe('held');
    expect((await books().window(ended)).slice(1)).toEqual([
      ...['LeaseGranted lse_1 500', 'LeaseSettled lse_1 100'],
      ...['LimitChanged 1000', 'LeaseGranted lse_2 900'],
    ]);
  });
});

describe('credit that ends', () => {
  it('I3: is told to the window, spent first, and gone at its end with all that was unused', async () => {
    const before = await books().define({ limit: 1_000n });
    const definition = await changed(before, toppedUp(600, NOON + MINUTE));
    const book = await open();
    const [hold] = await holdOf(book, definition, 400n);
    hold?.account.release(hold.parts, [300n]);
    timeIs(NOON + MINUTE);
    // 1,000 + 300 spent of the credit: a call of 1,000 fits, one more does not.
    expect(await outcome(book, definition, 1_000n)).toBe('held');
    expect(await outcome(book, definition, 1n)).toBe('exceeded');
    expect(await books().window(definition)).toEqual([
      ...['WindowOpened 1000', 'LeaseGranted lse_1 400', 'LeaseSettled lse_1 300'],
      ...['CreditExpired 300', 'LeaseGranted lse_2 1000'],
    ]);
  });

  it('I3: is not broken for a call that runs at its end, and does not come back behind it', async () => {
    const before = await books().define({ limit: 1_000n });
    const definition = await changed(before, toppedUp(600, NOON + MINUTE));
    const book = await open();
    const [running] = await holdOf(book, definition, 600n);
    timeIs(NOON + MINUTE);
    expect(await outcome(book, definition, 1_000n)).toBe('held');
    running?.account.release(running.parts, [200n]);
    await book.stop();
    await running?.account.refresh();
    const { limit, spent, gone } = running?.account.account ?? {};
    expect([limit, spent, gone]).toEqual([1_200n, 200n, 400n]);
    expect(await outcome(book, definition, 1n)).toBe('exceeded');
  });

  it('I3: ends once, whichever proxy comes first', async () => {
    const before = await books().define({ limit: 1_000n });
    const definition = await changed(before, toppedUp(600, NOON + MINUTE));
    const [one, two] = [await open(), await open()];
    const [hold] = await holdOf(one, definition, 100n);
    hold?.account.release(hold.parts, [100n]);
    await holdOf(two, definition, 1n);
    timeIs(NOON + MINUTE);
    const both = [one, two].map((book) => outcome(book, definition, 300n));
    expect(await Promise.all(both)).toEqual(['held', 'held']);
    const ended = (await books().window(definition)).filter((text) => text.includes('Expired'));
    expect(ended).toHaveLength(1);
  });

  it('I3: has ended for the slices of a proxy whose clock is behind, once it reads of it', async () => {
    const before = await books().define({ limit: 16_000n });
    const definition = await changed(before, toppedUp(16_000, NOON + MINUTE));
    const [ahead, behind] = [await open(), await open()];
    // A slice of 2,000 of the credit: calls could take more from it.
    const [hold] = await holdOf(behind, definition, 100n);
    timeIs(NOON + MINUTE);
    await holdOf(ahead, definition, 1n);
    timeIs(NOON);
    expect(await outcome(behind, definition, 3_000n)).toBe('held');
    timeIs(NOON + MINUTE);
    await holdOf(behind, definition, 1n);
    expect(hold?.account.leases.map(({ closed, holds }) => [closed, holds])).toEqual([
      [true, 1],
      [false, 1],
      [false, 1],
    ]);
  });

  it('is there for calls that were refused a moment ago', async () => {
    const before = await books().define({ limit: 100n });
    const book = await open();
    expect(await outcome(book, before, 200n)).toBe('exceeded');
    const after = await changed(before, toppedUp(600, NOON + MINUTE));
    expect(await outcome(book, after, 200n)).toBe('held');
  });

  it('I3: serves a call that waited for it when it ended, and none that begins later', async () => {
    const before = await books().define({ limit: 1_000n });
    const definition = await changed(before, toppedUp(600, NOON + MINUTE));
    const append: Ledger['append'] = async (stream, expected, events) => {
      const result = await books().ledger.append(stream, expected, events);
      if (events.at(-1)?.type === 'LeaseGranted') timeIs(NOON + MINUTE);
      return result;
    };
    const book = await open({ append });
    // It waited since before the end, and is served; a later call is not.
    await holdOf(book, definition, 500n, NOON);
    expect(await outcome(book, definition, 1_100n)).toBe('exceeded');
  });
});

it('I3: a limit that is lowered below what is spent stops the next call, and no running one', async () => {
  const before = await books().define({ limit: 16_000n });
  const book = await open();
  const [running] = await holdOf(book, before, 100n);
  const lowered = await changed(before, {
    type: 'BudgetLimitChanged',
    data: { budget_id: 'bud', limit: pico(50) },
  });
  // The slice has 900 more, of the limit as it was.
  expect(await outcome(book, lowered, 1n)).toBe('exceeded');
  running?.account.release(running.parts, [100n]);
  await book.stop();
  expect((await books().window(lowered)).at(-1)).toBe('LeaseSettled lse_1 100');
});

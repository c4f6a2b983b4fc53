/** What a window's account asks of the ledger and writes to the journal, and in which order. */
import type { JournalWrite } from '@tollgate/adapters/journal/journal-writes.ts';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type BookOptions, holdOf, useMemoryBooks } from '../testing/book-house.ts';
import { WatchedLedger } from '../testing/watched-ledger.ts';
import type { BudgetBook } from './budget-book.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const books = useMemoryBooks(NOON);

let ledger: WatchedLedger;
let written: JournalWrite[];
beforeEach(() => {
  ledger = new WatchedLedger();
  written = [];
});

/** Its journal answers as its ledger does. */
const open = (limits: BookOptions['limits'] = {}) =>
  books().open({
    between: ledger.between(books().ledger),
    beforeWrite: (write) => ledger.answer(write.op, () => void written.push(write)),
    limits,
  });

/** What is asked while this is done, one after another. */
async function asked(done: () => Promise<unknown>): Promise<string[]> {
  ledger.asked.length = 0;
  ledger.answerMs = 2;
  const all = done();
  await vi.advanceTimersByTimeAsync(100);
  await all;
  ledger.answerMs = 0;
  return [...ledger.asked];
}
const askedFor = (book: BudgetBook, definition: BudgetDefinition, amount: bigint) =>
  asked(() => holdOf(book, definition, amount));

async function changeLimit({ budget_id }: BudgetDefinition, revision: bigint, limit: string) {
  const data = { budget_id, limit: `0.00000000${limit}` };
  const changed = { id: `${budget_id} ${revision}`, type: 'BudgetLimitChanged', data };
  await books().ledger.append(`budget_definition-${budget_id}`, revision - 1n, [changed]);
}

async function raiseFor({ budget_id }: BudgetDefinition, ms: number) {
  const until = new Date(NOON + ms).toISOString();
  const data = { budget_id, raise_id: 'rse_1', amount: '0.000000001000', until };
  const raised = { id: `${budget_id} raised`, type: 'BudgetRaised', data };
  await books().ledger.append(`budget_definition-${budget_id}`, 0n, [raised]);
}

/** Another proxy's grant of 1,000, right before each of the first `times` grants. */
function beat(times: number): void {
  let left = times;
  ledger.beforeAppend = async (stream, { type }) => {
    if (type !== 'LeaseGranted' || left-- <= 0) return;
    const revision = (await books().ledger.read(stream)).at(-1)?.revision ?? 0n;
    const data = { lease_id: `other_${revision}`, instance_id: 'ins_x', amount: '0.000000001000' };
    await books().ledger.append(stream, revision, [{ id: `other ${revision}`, type, data }]);
  };
}

/** A call that nothing can serve opens the window, and is granted nothing. */
const openFor = (book: BudgetBook, definition: BudgetDefinition) =>
  expect(holdOf(book, definition, 99_999n)).rejects.toThrow('exceeded');

const FIRST = ['read definition 0', 'read window 0, meanwhile'];
const GRANT = ['lease_requested', 'append LeaseGranted', 'lease_granted'];

describe('the ledger is asked no more than it must be', () => {
  it('for a window that opens, for a further grant, and by another proxy', async () => {
    const definition = await books().define();
    const book = await open();
    expect(await askedFor(book, definition, 1_000n)).toEqual([
      ...[...FIRST, 'lease_requested', 'append WindowOpened LeaseGranted', 'lease_granted'],
      'read definition 0, meanwhile',
    ]);
    expect(await askedFor(book, definition, 10n)).toEqual(GRANT);
    expect(await askedFor(book, definition, 990n)).toEqual([]);
    expect(await askedFor(await open(), definition, 1n)).toEqual([...FIRST, ...GRANT]);
  });

  // What time changes another proxy may have said otherwise, under the same id.
  it('for a window that opens without a grant, of a budget with a raise', async () => {
    const definition = await books().define();
    await raiseFor(definition, 1_000);
    const book = await open();
    expect(await asked(() => openFor(book, definition))).toEqual([
      ...[...FIRST, 'append WindowOpened', 'read window 0', 'read definition 0', 'read window 1'],
    ]);
  });

  it('for a slice that goes back', async () => {
    const book = await open();
    const definition = await books().define();
    book.cancel(await holdOf(book, definition, 10n));
    expect(await asked(() => book.stop())).toEqual([
      ...['append LeaseSettled', 'read window 2', 'lease_forgotten'],
    ]);
    expect(written.at(-1)).toEqual({ op: 'lease_forgotten', leaseId: 'lse_1' });
    expect(books().errors).toEqual([]);
  });

  it('for a changed definition', async () => {
    const definition = await books().define();
    const book = await open();
    await holdOf(book, definition, 1_000n);
    await changeLimit(definition, 1n, '3000');
    const changed = { ...definition, limit: 3_000n, revision: 1n };
    expect(await askedFor(book, changed, 10n)).toEqual([
      ...['read definition 0', 'append LimitChanged', 'read window 2', ...GRANT],
    ]);
    expect(await askedFor(book, changed, 500n)).toEqual(GRANT);
  });
});

describe('a window', () => {
  it('is opened with the limit and the revision of its definition, and its bounds', async () => {
    const total = await books().define();
    await changeLimit(total, 1n, '9000');
    const daily = await books().define({ window: 'day' });
    const book = await open();
    const opened = async (definition: BudgetDefinition) => {
      const [hold] = await holdOf(book, definition, 10n);
      const { budget_id } = definition;
      const [event] = await books().ledger.read(hold?.account.stream ?? '');
      return [event?.type, { budget_id, ...(event?.data as object) }];
    };
    expect([await opened(total), await opened(daily)]).toEqual([
      [
        'WindowOpened',
        {
          ...{ budget_id: total.budget_id, limit: '0.000000009000', definition_revision: '1' },
          ...{ window_start: '1970-01-01T00:00:00.000Z', window_end: null },
        },
      ],
      [
        'WindowOpened',
        {
          ...{ budget_id: daily.budget_id, limit: '0.000000016000', definition_revision: '0' },
          window_start: '2026-06-01T00:00:00.000Z',
          window_end: '2026-06-02T00:00:00.000Z',
        },
      ],
    ]);
  });

  it('of a budget without a definition cannot be opened', async () => {
    const definition = { ...(await books().define()), budget_id: 'bud_unknown' };
    await expect(holdOf(await open(), definition, 10n)).rejects.toThrow('unavailable');
    expect(books().errors).toEqual([[expect.anything(), expect.stringContaining('is empty')]]);
  });
});

describe('a grant', () => {
  it('is journaled with all that a take-over appends it by', async () => {
    const [hold] = await holdOf(await open(), await books().define(), 10n);
    const stream = hold?.account.stream ?? '';
    expect(written).toEqual([
      {
        op: 'lease_requested',
        request: {
          ...{ leaseId: 'lse_1', stream, expectedRevision: 'no_stream', amount: 1_000n },
          eventId: ledgerEventId(stream, 'LeaseGranted', 'lse_1'),
          opening: expect.stringContaining('"type":"WindowOpened"'),
        },
      },
      { op: 'lease_granted', leaseId: 'lse_1' },
    ]);
  });
});

it('a call learns what another proxy gave back since the account last read', async () => {
  const definition = await books().define();
  const [other, book] = [await books().open(), await open()];
  const holds = await holdOf(other, definition, 15_000n);
  await holdOf(book, definition, 1_000n);
  other.cancel(holds);
  await other.stop();
  expect(await holdOf(book, definition, 15_000n)).toHaveLength(1);
});

describe('a grant that another proxy came before', () => {
  it('is refused in the journal, and decided again from what is there now', async () => {
    const definition = await books().define({ limit: 2_500n });
    const book = await open();
    await openFor(book, definition);
    beat(2);
    const all = await askedFor(book, definition, 500n);
    const refused = ['lease_requested', 'append LeaseGranted', 'lease_refused'];
    expect(all.slice(all.indexOf('lease_requested'))).toEqual([
      ...[...refused, 'read window 1', ...refused, 'read window 2'],
      ...GRANT,
    ]);
    expect((await books().window(definition)).at(-1)).toBe('LeaseGranted lse_3 500');
  });

  it('is given up after so many', async () => {
    const definition = await books().define();
    const book = await open({ grantConflictsMax: 3 });
    await openFor(book, definition);
    beat(3);
    await expect(holdOf(book, definition, 10n)).rejects.toThrow('unavailable');
    expect(written).toHaveLength(6);
    expect(books().errors).toEqual([[expect.anything(), expect.stringContaining('conflicts')]]);
    beat(2);
    await holdOf(book, definition, 10n);
  });

  it('is refused for good if what is left is too little, and is not unknown', async () => {
    const definition = await books().define({ limit: 1_500n });
    await openFor(await open(), definition);
    const book = await open({ grantConflictsMax: 2, leaseReturnWaitMs: 0 });
    beat(1);
    const all = await asked(() =>
      expect(holdOf(book, definition, 600n)).rejects.toThrow('exceeded'),
    );
    expect(all.slice(all.indexOf('lease_refused'))).toEqual(['lease_refused', 'read window 1']);
    // Others may have returned something since.
    const again = await asked(() =>
      expect(holdOf(book, definition, 599n)).rejects.toThrow('exceeded'),
    );
    expect(again).toEqual(['read window 2']);
  });
});

describe('a lease', () => {
  it('I3: that is settled twice at once takes no other one along', async () => {
    const definition = await books().define();
    const book = await open();
    const [first] = await holdOf(book, definition, 1_000n);
    const [second] = await holdOf(book, definition, 1_000n);
    const [lease, other] = first?.account.leases ?? [];
    if (first === undefined || lease === undefined) throw new Error('no lease');
    first.account.release(first.parts, [700n]);
    first.account.close(lease);
    await Promise.all([first.account.settle(lease), first.account.settle(lease)]);
    expect(first.account.leases).toEqual([other]);
    expect(second?.account.leases).toEqual([other]);
    const settled = (await books().window(definition)).filter((event) => event.includes('Settled'));
    expect(settled).toEqual(['LeaseSettled lse_1 700']);
  });

  it('I3: is settled once, although the journal could not forget it at once', async () => {
    const definition = await books().define();
    let isFull = true;
    const book = await books().open({
      beforeWrite: ({ op }) => {
        if (op === 'lease_forgotten' && isFull) throw new Error('the disk is full');
      },
    });
    book.cancel(await holdOf(book, definition, 10n));
    await book.stop();
    isFull = false;
    // The account reads that the lease is settled.
    book.cancel(await holdOf(book, definition, 2_000n));
    await book.stop();
    const settled = (await books().window(definition)).filter((event) => event.includes('Settled'));
    expect([settled.length, new Set(settled).size]).toEqual([2, 2]);
    expect(books().errors).toHaveLength(1);
  });

  it('I3: is not settled while it is open, or while a call holds some of it', async () => {
    const definition = await books().define();
    const [hold] = await holdOf(await open(), definition, 10n);
    const [lease] = hold?.account.leases ?? [];
    if (hold === undefined || lease === undefined) throw new Error('no lease');
    hold.account.close(lease);
    await expect(hold.account.settle(lease)).rejects.toThrow('in use');
    hold.account.release(hold.parts, []);
    lease.closed = false;
    await expect(hold.account.settle(lease)).rejects.toThrow('in use');
    expect(await books().window(definition)).toHaveLength(2);
  });

  it('is new when it is granted: nothing of it is used but by the call that asked', async () => {
    vi.advanceTimersByTime(5);
    const [hold] = await holdOf(await open(), await books().define(), 10n);
    expect(hold?.account.leases).toEqual([
      {
        ...{ leaseId: 'lse_1', amount: 1_000n, spent: 0n, held: 10n, holds: 1, closed: false },
        usedAtMs: performance.now(),
      },
    ]);
  });
});

// litellm#27735: the figure that refused was not the one that was shown.
it('I3: the limit that a refusal states follows the definition, and what was settled', async () => {
  const definition = await books().define();
  const book = await open();
  const [hold] = await holdOf(book, definition, 600n);
  expect([hold?.account.left.remaining(), hold?.account.left.formatted()]).toEqual([
    15_400n,
    { limit: '0.000000016000', spent: '0.000000000600' },
  ]);
  hold?.account.release(hold.parts, [300n]);
  await book.stop();
  await changeLimit(definition, 1n, '9000');
  const changed = { ...definition, limit: 9_000n, revision: 1n };
  await holdOf(book, changed, 1_000n);
  expect([hold?.account.left.remaining(), hold?.account.left.formatted()]).toEqual([
    7_700n,
    { limit: '0.000000009000', spent: '0.000000001300' },
  ]);
  expect(hold?.account.account.definitionRevision).toBe(1n);
});

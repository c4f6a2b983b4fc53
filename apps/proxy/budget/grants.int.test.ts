/**
 * How a slice is granted: by the definition, the journal and the ledger, in this order
 * (docs/design.md, Budgets: leases).
 */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { describe, expect, it } from 'vitest';
import { holdOf, useBooks } from '../testing/book-house.ts';
import { wanted } from '../testing/budget-house.ts';

const books = useBooks();
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A call that nothing can serve opens the window, and is granted nothing. */
async function openWindow(definition: BudgetDefinition): Promise<void> {
  await expect(holdOf(await books().open(), definition, 99_999n)).rejects.toThrow('exceeded');
}

/** Another proxy's grant of 1,000, which comes right before each of the first `times` appends. */
function beatenBy(times: number): { between: Partial<Ledger>; grants: () => number } {
  let grants = 0;
  const append: Ledger['append'] = async (stream, expected, events) => {
    if (events[0]?.type !== 'LeaseGranted') return books().ledger.append(stream, expected, events);
    grants++;
    if (grants > times) return books().ledger.append(stream, expected, events);
    const data = { lease_id: `other_${grants}`, instance_id: 'ins_x', amount: '0.000000001000' };
    const other = { id: `${stream} other ${grants}`, type: 'LeaseGranted', data };
    await books().ledger.append(stream, expected, [other]);
    return books().ledger.append(stream, expected, events);
  };
  return { between: { append }, grants: () => grants };
}

describe('a grant', () => {
  it('I3: is durable in the journal before it is appended, and again before a call holds it', async () => {
    const definition = await books().define();
    const order: string[] = [];
    const append: Ledger['append'] = async (stream, expected, events) => {
      order.push(`ledger ${events.map(({ type }) => type).join(' ')}`);
      const result = await books().ledger.append(stream, expected, events);
      await turn();
      order.push('ledger answered');
      return result;
    };
    const book = await books().open({
      between: { append },
      beforeWrite: async ({ op }) => {
        await turn();
        order.push(`journal ${op}`);
      },
    });
    await holdOf(book, definition, 10n);
    order.push('held');
    expect(order).toEqual([
      'journal lease_requested',
      'ledger WindowOpened LeaseGranted',
      'ledger answered',
      'journal lease_granted',
      'held',
    ]);
    const leases = (await books().journals[0]?.contents())?.leases;
    expect(leases).toMatchObject([{ leaseId: 'lse_1', spent: 0n }]);
  });

  // litellm PR#34429: where a hold could not be written, the call went on.
  it('I3: is not asked of the ledger if the journal does not take the request', async () => {
    const definition = await books().define();
    const book = await books().open({
      beforeWrite: ({ op }) => {
        if (op === 'lease_requested') throw new Error('the disk is full');
      },
    });
    await expect(holdOf(book, definition, 10n)).rejects.toThrow('unavailable');
    expect(await books().window(definition)).toEqual([]);
  });

  it('I3: that another proxy’s beat is refused in the journal, so that no take-over asks for it', async () => {
    const definition = await books().define();
    const { between } = beatenBy(1);
    await openWindow(definition);
    const book = await books().open({ between });
    await holdOf(book, definition, 10n);
    expect(await books().window(definition)).toEqual([
      'WindowOpened 16000',
      'LeaseGranted other_1 1000',
      'LeaseGranted lse_2 1000',
    ]);
    const contents = await books().journals.at(-1)?.contents();
    expect(contents?.leaseRequests).toEqual([]);
    expect(contents?.leases).toMatchObject([{ leaseId: 'lse_2' }]);
  });

  it('I3: that was beaten fails if the journal cannot say so', async () => {
    const definition = await books().define();
    await openWindow(definition);
    const book = await books().open({
      ...beatenBy(1),
      beforeWrite: async ({ op }) => {
        await turn();
        if (op === 'lease_refused') throw new Error('the disk is full');
      },
    });
    await expect(holdOf(book, definition, 10n)).rejects.toThrow('unavailable');
  });

  // litellm#34238: a proxy went by a figure that was out of date.
  it('is decided from what others were granted meanwhile', async () => {
    const definition = await books().define({ limit: 1_500n });
    await openWindow(definition);
    const book = await books().open(beatenBy(1));
    await expect(holdOf(book, definition, 600n)).rejects.toThrow('exceeded');
    await holdOf(book, definition, 500n);
  });

  it('gives up after so many conflicts', async () => {
    const definition = await books().define();
    await openWindow(definition);
    const { between, grants } = beatenBy(9);
    const book = await books().open({ between, limits: { grantConflictsMax: 3 } });
    const outcome = await book.hold([wanted(definition, 10n)], Date.now());
    expect(outcome).toMatchObject({ kind: 'unavailable' });
    expect(String((outcome as { cause?: unknown }).cause)).toContain('too many conflicts');
    expect(grants()).toBe(3);
    expect((await books().journals.at(-1)?.contents())?.leaseRequests).toEqual([]);
  });

  it('I3: whose answer was lost is used once it is known, and no second one is asked for', async () => {
    const definition = await books().define();
    let isLost = false;
    const append: Ledger['append'] = async (stream, expected, events) => {
      const result = await books().ledger.append(stream, expected, events);
      if (events.at(-1)?.type !== 'LeaseGranted' || isLost) return result;
      isLost = true;
      throw new Error('the answer was lost');
    };
    const book = await books().open({ between: { append } });
    await holdOf(book, definition, 10n);
    expect(await books().window(definition)).toEqual([
      'WindowOpened 16000',
      'LeaseGranted lse_1 1000',
    ]);
  });
});

describe('a window', () => {
  it('is opened with the limit, the revision and the bounds of its day', async () => {
    const definition = await books().define({ window: 'day' });
    const at = Date.UTC(2026, 5, 1, 12);
    await holdOf(await books().open(), definition, 10n, at);
    const stream = `budget-${definition.budget_id}@20260601T000000Z`;
    const [opened] = await books().ledger.read(stream);
    expect([opened?.type, opened?.data]).toEqual([
      'WindowOpened',
      {
        budget_id: definition.budget_id,
        window_start: '2026-06-01T00:00:00.000Z',
        window_end: '2026-06-02T00:00:00.000Z',
        limit: '0.000000016000',
        definition_revision: '0',
      },
    ]);
  });

  it('without an end says so', async () => {
    const definition = await books().define();
    await holdOf(await books().open(), definition, 10n);
    const [opened] = await books().ledger.read(`budget-${definition.budget_id}@19700101T000000Z`);
    expect(opened?.data).toMatchObject({
      window_start: '1970-01-01T00:00:00.000Z',
      window_end: null,
    });
  });

  it('is opened once by two proxies at the same time', async () => {
    const definition = await books().define();
    const both = [await books().open(), await books().open()];
    await Promise.all(both.map((book) => holdOf(book, definition, 10n)));
    const window = await books().window(definition);
    expect(window.filter((event) => event.startsWith('WindowOpened'))).toHaveLength(1);
    expect(window).toHaveLength(3);
  });

  it('I3: that another proxy opens first is not opened again, and no second grant lands with it', async () => {
    const definition = await books().define({ limit: 1_500n });
    const other = await books().open();
    let isFirst = true;
    const append: Ledger['append'] = async (stream, expected, events) => {
      if (isFirst) await holdOf(other, definition, 1_000n);
      isFirst = false;
      return books().ledger.append(stream, expected, events);
    };
    const book = await books().open({ between: { append } });
    await holdOf(book, definition, 500n);
    expect(await books().window(definition)).toEqual([
      'WindowOpened 1500',
      'LeaseGranted lse_2 1000',
      'LeaseGranted lse_3 500',
    ]);
  });

  // The control plane has found no window that it could tell.
  it('I3: learns of a limit that falls while it opens before a call holds its first slice', async () => {
    const definition = await books().define();
    const { budget_id } = definition;
    const append: Ledger['append'] = async (stream, expected, events) => {
      const data = { budget_id, limit: '0.000000000400' };
      const changed = { id: `changed ${budget_id}`, type: 'BudgetLimitChanged', data };
      await books().ledger.append(`budget_definition-${budget_id}`, 0n, [changed]);
      return books().ledger.append(stream, expected, events);
    };
    const book = await books().open({ between: { append } });
    await expect(holdOf(book, definition, 600n)).rejects.toThrow('exceeded');
    expect((await books().window(definition)).slice(0, 4)).toEqual([
      'WindowOpened 16000',
      'LeaseGranted lse_1 1000',
      'LimitChanged 400',
      'LeaseSettled lse_1 0',
    ]);
  });

  it('is unavailable if its opening fails', async () => {
    const definition = await books().define();
    const append = async () => {
      await turn();
      throw new Error('away');
    };
    const book = await books().open({ between: { append } });
    const outcome = await book.hold([wanted(definition, 99_999n)], Date.now());
    expect(outcome).toMatchObject({ kind: 'unavailable', cause: new Error('away') });
  });

  it('of a budget without a definition is unavailable', async () => {
    const definition = await books().define();
    const unknown = { ...definition, budget_id: `${definition.budget_id}_unknown` };
    const outcome = await (await books().open()).hold([wanted(unknown, 10n)], Date.now());
    expect(String((outcome as { cause?: unknown }).cause)).toContain('is empty');
  });

  it('I3: follows a change of its definition once, and grants from the new limit', async () => {
    const definition = await books().define();
    const book = await books().open();
    await holdOf(book, definition, 1_000n);
    const { budget_id } = definition;
    const data = { budget_id, limit: '0.000000003000' };
    const changed = { id: `changed ${budget_id}`, type: 'BudgetLimitChanged', data };
    await books().ledger.append(`budget_definition-${budget_id}`, 0n, [changed]);
    const lowered = { ...definition, limit: 3_000n, revision: 1n };
    await expect(holdOf(book, lowered, 2_001n)).rejects.toThrow('exceeded');
    await holdOf(book, lowered, 2_000n);
    expect(await books().window(definition)).toEqual([
      'WindowOpened 16000',
      'LeaseGranted lse_1 1000',
      'LimitChanged 3000',
      'LeaseGranted lse_2 2000',
    ]);
  });

  it('says what is left, limit and spent, with what its calls hold', async () => {
    const definition = await books().define();
    const book = await books().open();
    const [hold] = await holdOf(book, definition, 600n);
    expect(hold?.account.left.remaining()).toBe(15_400n);
    expect(hold?.account.left.formatted()).toEqual({
      limit: '0.000000016000',
      spent: '0.000000000600',
    });
    expect(hold?.account.left.free()).toBe(400n);
  });
});

/** Holds, grants and their ends, on a real ledger and journals, with what can come in between. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Journal, openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { defineBudget, wanted } from '../testing/budget-house.ts';
import { BudgetBook } from './budget-book.ts';

const DEFINITION = 'budget_definition-bud_1';
/** One second before a day of a daily budget ends. */
const EVENING = Date.UTC(2026, 5, 1, 23, 59, 59);

let folder: string;
let journals: Journal[];
let ledger: Ledger;
let errors: [string, string][];
let leases: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-book-'));
  journals = [];
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  errors = [];
  leases = 0;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([...journals, ledger].map((store) => store.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** A proxy's own. @param between what its ledger does otherwise */
async function openBook(
  between: Partial<Ledger> = {},
  limits: Partial<typeof proxyLimits> = {},
): Promise<BudgetBook> {
  const name = `ins_${journals.length}`;
  const journal = await openJournal({ path: join(folder, `${name}.journal`) });
  journals.push(journal);
  return new BudgetBook({
    ledger: { ...ledger, ...between },
    journal,
    instanceId: name,
    newLeaseId: () => `lse_${++leases}`,
    limits: { ...proxyLimits, ...limits },
    onError: (error, of) => errors.push([of, String(error)]),
  });
}

async function use(book: BudgetBook, definition: BudgetDefinition): Promise<void> {
  const held = await book.hold([wanted(definition, 10n)], Date.now());
  if (held.kind !== 'held') throw new Error(held.kind);
  book.cancel(held.holds);
}

const openLeases = async () => (await journals[0]?.contents())?.leases;
const changed = (id: string, limit: string) => ({
  id,
  type: 'BudgetLimitChanged',
  data: { budget_id: 'bud_1', limit },
});

describe('what a call cannot have', () => {
  it('I3: a window that cannot be told refuses the call, says why, and holds nothing', async () => {
    const book = await openBook();
    const known = await defineBudget(ledger, 'bud_1');
    const unknown = await defineBudget(ledger, 'bud_2', {
      window: 'day',
      time_zone: 'Mars/Olympus',
    });
    const both = [known, unknown].map((definition) => wanted(definition, 600n));
    expect(await book.hold(both, Date.now())).toMatchObject({ kind: 'unavailable' });
    expect(errors).toEqual([['bud_2', expect.stringContaining('Mars/Olympus')]]);
    // What was held for the first of them is free again.
    const held = await book.hold([wanted(known, 1n)], Date.now());
    if (held.kind !== 'held') throw new Error(held.kind);
    const found = held.holds[0]?.account.leases.map((lease) => [lease.holds, lease.held]);
    expect(found).toEqual([[1, 1n]]);
  });

  it('is not taken from the calls of other proxies', async () => {
    const definition = await defineBudget(ledger, 'bud_1');
    const [one, two] = [await openBook(), await openBook()];
    const outcomes = await Promise.all(
      [20_000n, 5n].map((amount) => one.hold([wanted(definition, amount)], Date.now())),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['exceeded', 'held']);
    expect(await one.hold([wanted(definition, 17_000n)], Date.now())).toMatchObject({
      kind: 'exceeded',
    });
    expect(await two.hold([wanted(definition, 14_000n)], Date.now())).toMatchObject({
      kind: 'held',
    });
  });
});

describe('a limit that is lowered while a window opens', () => {
  it('I3: binds although the proxy that opened it could not say so', async () => {
    const definition = await defineBudget(ledger, 'bud_1');
    let reads = 0;
    const book = await openBook({
      async read(of, options) {
        if (of === DEFINITION && ++reads === 2) throw new Error('away for a moment');
        return ledger.read(of, options);
      },
      async append(of, expected, events) {
        // The control plane finds no window yet to append to.
        if (events[0]?.type === 'WindowOpened') {
          await ledger.append(DEFINITION, 0n, [changed('1', '0.000000001000')]);
        }
        return ledger.append(of, expected, events);
      },
    });
    const before = await book.hold([wanted(definition, 10n)], Date.now());
    expect(before).toMatchObject({ kind: 'unavailable' });
    const lowered = { ...definition, limit: 1_000n, revision: 1n };
    const after = await book.hold([wanted(lowered, 10_000n)], Date.now());
    expect(after).toMatchObject({ kind: 'exceeded' });
  });

  it('I3: does not come back when it is lowered once more', async () => {
    const definition = await defineBudget(ledger, 'bud_1');
    let isSecond = false;
    const book = await openBook({
      async append(of, expected, events) {
        if (events[0]?.type === 'WindowOpened') {
          await ledger.append(DEFINITION, 0n, [changed('1', '0.000000008000')]);
        }
        if (events[0]?.type === 'LimitChanged' && !isSecond) {
          isSecond = true;
          await ledger.append(DEFINITION, 1n, [changed('2', '0.000000001000')]);
          const data = { limit: '0.000000001000', definition_revision: '2' };
          await ledger.append(of, expected, [{ id: 'newer', type: 'LimitChanged', data }]);
        }
        return ledger.append(of, expected, events);
      },
    });
    const held = await book.hold([wanted(definition, 7_000n)], Date.now());
    expect(held).toMatchObject({ kind: 'exceeded' });
  });
});

describe('every lease goes back', () => {
  it('I3: when the clock is set back', async () => {
    const definition = await defineBudget(ledger, 'bud_1');
    const clock = vi.spyOn(Date, 'now').mockReturnValue(EVENING);
    const book = await openBook();
    await use(book, definition);
    clock.mockReturnValue(EVENING - 3_600_000);
    await book.stop();
    expect(await openLeases()).toEqual([]);
  });

  it('I3: when the clock is set back over the end of its window', async () => {
    const definition = await defineBudget(ledger, 'bud_1', { window: 'day' });
    const clock = vi.spyOn(Date, 'now').mockReturnValue(EVENING);
    const book = await openBook();
    await use(book, definition);
    clock.mockReturnValue(EVENING + 1_500);
    await book.stop();
    clock.mockReturnValue(EVENING + 500);
    await use(book, definition);
    clock.mockReturnValue(EVENING + 20_000);
    await book.stop();
    expect(await openLeases()).toEqual([]);
  });

  it('I3: when its window ended while the call waited for another budget', async () => {
    const total = await defineBudget(ledger, 'bud_1');
    const daily = await defineBudget(ledger, 'bud_2', { window: 'day' });
    const clock = vi.spyOn(Date, 'now').mockReturnValue(EVENING - 1_000);
    let midnight: (() => Promise<void>) | null = null;
    const book = await openBook({
      async append(of, expected, events) {
        const pass = midnight;
        midnight = null;
        await pass?.();
        return ledger.append(of, expected, events);
      },
    });
    await use(book, daily);
    await book.stop();
    midnight = async () => {
      clock.mockReturnValue(EVENING + 1_500);
      // One sweep, while the call waits.
      await book.stop();
    };
    const both = [total, daily].map((definition) => wanted(definition, 10n));
    const held = await book.hold(both, EVENING);
    if (held.kind !== 'held') throw new Error(held.kind);
    expect(midnight).toBe(null);
    book.cancel(held.holds);
    await book.stop();
    expect(await openLeases()).toEqual([]);
  });

  it('I3: also of a grant whose answer was lost until its window had ended', async () => {
    const definition = await defineBudget(ledger, 'bud_1', { window: 'day' });
    const clock = vi.spyOn(Date, 'now').mockReturnValue(EVENING);
    let isAway = false;
    let isKnown = false;
    const limits = { leaseSweepMs: 20, leaseIdleMs: 20 };
    const away = async () => {
      throw new Error('away');
    };
    const { setTimeout: later } = globalThis;
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms = 0) =>
      later(run, ms === proxyLimits.grantTimeoutMs ? ms : Math.min(ms, 15))) as typeof setTimeout);
    const book = await openBook(
      {
        async append(of, expected, events) {
          if (isAway) return away();
          const result = await ledger.append(of, expected, events);
          if (isKnown || events.at(-1)?.type !== 'LeaseGranted') return result;
          isAway = true;
          return away();
        },
      },
      limits,
    );
    const held = await book.hold([wanted(definition, 10n)], EVENING);
    expect(held).toMatchObject({ kind: 'unavailable' });
    clock.mockReturnValue(EVENING + 5_000);
    book.start();
    // The grant gives up after its tries, and sweeps meet the ledger away.
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(1), { timeout: 60_000 });
    isKnown = true;
    isAway = false;
    const stream = 'budget-bud_1@20260601T000000Z';
    const types = async () => (await ledger.read(stream)).map(({ type }) => type);
    await vi.waitFor(async () => expect(await types()).toContain('LeaseSettled'), 20_000);
    await book.stop();
    expect(await types()).toEqual(['WindowOpened', 'LeaseGranted', 'LeaseSettled']);
  });
});

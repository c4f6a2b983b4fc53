/** Holds over several budgets, on a real ledger and journal. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Journal, openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { defineBudget } from '../testing/budget-house.ts';
import { BudgetBook } from './budget-book.ts';

let folder: string;
let journal: Journal;
let ledger: Ledger;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-book-'));
  journal = await openJournal({ path: join(folder, 'a.journal') });
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
});
afterEach(async () => {
  await Promise.all([journal.close(), ledger.close()]);
  rmSync(folder, { recursive: true, force: true });
});

it('I3: a budget whose window cannot be told refuses the call, says why, and holds nothing', async () => {
  const errors: [string, string][] = [];
  const book = new BudgetBook({
    ledger,
    journal,
    instanceId: 'ins_1',
    newLeaseId: () => 'lse_1',
    limits: proxyLimits,
    onError: (error, of) => errors.push([of, String(error)]),
  });
  const known = await defineBudget(ledger, 'bud_1');
  const unknown = await defineBudget(ledger, 'bud_2', { window: 'day', time_zone: 'Mars/Olympus' });
  const amount = 600n;
  const nowMs = Date.now();
  const both = [known, unknown].map((definition) => ({ definition, amount }));
  expect(await book.hold(both, nowMs)).toMatchObject({ kind: 'unavailable' });
  expect(errors).toEqual([['bud_2', expect.stringContaining('Mars/Olympus')]]);
  // What was held for the first of them is free again.
  const held = await book.hold([{ definition: known, amount: 1n }], nowMs);
  if (held.kind !== 'held') throw new Error(held.kind);
  expect(held.holds[0]?.account.leases.map((lease) => [lease.holds, lease.held])).toEqual([
    [1, 1n],
  ]);
  book.cancel(held.holds, nowMs);
});

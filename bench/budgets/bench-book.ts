/** One proxy's book of budgets, on an embedded ledger that counts and a journal, in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { BudgetBook } from '@tollgate/proxy/budget/budget-book.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';

export type BenchBook = {
  book: BudgetBook;
  ledger: Ledger;
  /** Of the ledger. */
  path: string;
  /** That the ledger has taken. */
  appends: () => number;
  events: () => number;
  /** Returns all slices first. */
  close: () => Promise<void>;
};

export async function openBenchBook(): Promise<BenchBook> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const path = join(folder, 'ledger.sqlite');
  const counted = counting(await openSqliteLedger({ path }));
  const { ledger } = counted;
  const journal = await openJournal({ path: join(folder, 'journal') });
  let leases = 0;
  const book = new BudgetBook({
    ...{ ledger, journal, instanceId: 'ins_bench', limits: proxyLimits },
    newLeaseId: () => `lse_${String(++leases).padStart(26, '0')}`,
    onError: (error) => {
      throw error;
    },
  });
  book.start();
  return {
    ...{ book, path, ...counted },
    close: async () => {
      await book.stop();
      await journal.close();
      await ledger.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function counting(ledger: Ledger): Pick<BenchBook, 'ledger' | 'appends' | 'events'> {
  let [appends, events] = [0, 0];
  const append: Ledger['append'] = async (stream, expected, added, urgency) => {
    const result = await ledger.append(stream, expected, added, urgency);
    if (result.ok) {
      appends++;
      events += added.length;
    }
    return result;
  };
  return { ledger: { ...ledger, append }, appends: () => appends, events: () => events };
}

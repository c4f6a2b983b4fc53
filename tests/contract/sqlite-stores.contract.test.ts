import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { describe, expect, it } from 'vitest';
import { ledgerContract } from './ledger.ts';
import { logContract } from './log.ts';

function folder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'tollgate-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

logContract('SQLite', {
  async fresh() {
    const { path, remove } = folder();
    const options = { topic: 'usage', ordinal: 0, partitions: 4 } as const;
    const reopen = () => openSqliteLog({ path: join(path, 'log.sqlite'), ...options });
    const log = await reopen();
    return {
      log,
      reopen,
      async dispose() {
        await log.close();
        remove();
      },
    };
  },
});

ledgerContract('SQLite', {
  async fresh() {
    const { path, remove } = folder();
    const reopen = () => openSqliteLedger({ path: join(path, 'ledger.sqlite') });
    const ledger = await reopen();
    return {
      ledger,
      reopen,
      async dispose() {
        await ledger.close();
        remove();
      },
    };
  },
});

describe('the embedded log', () => {
  it('refuses another number of partitions: a customer’s place follows from it', async () => {
    const { path, remove } = folder();
    const options = { path: join(path, 'log.sqlite'), topic: 'usage', ordinal: 0 } as const;
    const log = await openSqliteLog({ ...options, partitions: 4 });
    await expect(openSqliteLog({ ...options, partitions: 8 })).rejects.toThrow('4 partitions');
    await log.close();
    remove();
  });
});

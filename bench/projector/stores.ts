/** What a projector works on, opened anew by every process that takes part in a benchmark. */
import { join } from 'node:path';
import { EMBEDDED_PARTITIONS } from '@tollgate/adapters/config/data-folder.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';

export type BenchStores = {
  log: Log;
  deadLetters: Log;
  ledger: Ledger;
  warehouse: Warehouse;
  close(): Promise<void>;
};

/** @param warehouse its name: the contenders read one log and write to a warehouse each */
type Open = (folder: string, warehouse: string) => Promise<BenchStores>;

/** By the name that `--engines` takes. */
export const engines: Record<string, Open> = { embedded: openEmbedded };

async function openEmbedded(folder: string, warehouseName: string): Promise<BenchStores> {
  const topic = {
    path: join(folder, 'log.sqlite'),
    ordinal: 0,
    partitions: EMBEDDED_PARTITIONS,
  };
  const log = await openSqliteLog({ ...topic, topic: 'usage' });
  const deadLetters = await openSqliteLog({ ...topic, topic: 'dead_letter' });
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const warehouse = await openChdbWarehouse({ path: join(folder, warehouseName) });
  await migrate(warehouse);
  return {
    log,
    deadLetters,
    ledger,
    warehouse,
    async close() {
      await Promise.all([log.close(), deadLetters.close(), ledger.close(), warehouse.close()]);
    },
  };
}

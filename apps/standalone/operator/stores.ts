/** The stores of a data folder, for an operator's command: nothing else may run on it meanwhile. */
import { existsSync } from 'node:fs';
import { dataFolder, EMBEDDED_PARTITIONS } from '@tollgate/adapters/config/data-folder.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';

export type Stores = { log: Log; deadLetters: Log; ledger: Ledger; warehouse: Warehouse };
export type OpenStores = Stores & { close(): Promise<void> };

/** The command cannot run, and says why. */
export class OperatorError extends Error {}

/** @throws OperatorError if there is no data, or a Tollgate runs on it */
export async function openStores(data: string): Promise<OpenStores> {
  const paths = dataFolder(data);
  if (!existsSync(paths.log)) throw new OperatorError(`${data} holds no data: name it with --data`);
  const lock = tryLock(paths.supervisorLock);
  if (lock === null) {
    throw new OperatorError(`a Tollgate runs on ${data}: stop it first, then run this again`);
  }
  const topic = { path: paths.log, ordinal: 0, partitions: EMBEDDED_PARTITIONS };
  const log = await openSqliteLog({ ...topic, topic: 'usage' });
  const deadLetters = await openSqliteLog({ ...topic, topic: 'dead_letter' });
  const ledger = await openSqliteLedger({ path: paths.ledger });
  const warehouse = await openChdbWarehouse({ path: paths.warehouse });
  await migrate(warehouse);
  return {
    log,
    deadLetters,
    ledger,
    warehouse,
    async close() {
      await Promise.all([log.close(), deadLetters.close(), ledger.close(), warehouse.close()]);
      lock.release();
    },
  };
}

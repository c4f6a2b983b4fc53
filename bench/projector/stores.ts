/** The stores of a projector. Every process of a benchmark opens them itself. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EMBEDDED_PARTITIONS } from '@tollgate/adapters/config/data-folder.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openKafkaLog } from '@tollgate/adapters/log/kafka-log.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { openClickhouseWarehouse } from '@tollgate/adapters/warehouse/clickhouse-warehouse.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';

export type BenchLogs = { log: Log; deadLetters: Log; close(): Promise<void> };

export type BenchStores = BenchLogs & { ledger: Ledger; warehouse: Warehouse };

export type Engines = {
  openLogs(folder: string): Promise<BenchLogs>;
  /** @param name the contenders read one log and write to a warehouse each */
  openWarehouse(folder: string, name: string): Promise<Warehouse>;
};

/** Where the servers of one round are. The file in the round's folder tells its processes. */
export type Servers = { brokers: string[]; warehouseUrl: string | null };

const KAFKA_PARTITIONS = 16;
const SERVERS_FILE = 'servers.json';

const inProcess: Pick<Engines, 'openWarehouse'> = {
  openWarehouse: (folder, name) => openChdbWarehouse({ path: join(folder, name) }),
};
const onKafka: Pick<Engines, 'openLogs'> = { openLogs: openKafkaLogs };

/** By name. The ledger is a file in all of them: a projector asks it only for its epochs. */
const engines: Readonly<Record<string, Engines>> = {
  embedded: { openLogs: openSqliteLogs, ...inProcess },
  'kafka-inprocess': { ...onKafka, ...inProcess },
  'kafka-http': {
    ...onKafka,
    openWarehouse(folder) {
      const url = serversOf(folder).warehouseUrl ?? '';
      return openClickhouseWarehouse({ url, username: 'default', password: '' });
    },
  },
};

export function enginesOf(name: string): Engines {
  const found = engines[name];
  if (found === undefined) throw new Error(`--engines ${name}: no such engines`);
  return found;
}

export async function openStores(
  name: string,
  folder: string,
  warehouseName: string,
): Promise<BenchStores> {
  const logs = await enginesOf(name).openLogs(folder);
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const warehouse = await enginesOf(name).openWarehouse(folder, warehouseName);
  await migrate(warehouse);
  return {
    ...logs,
    ledger,
    warehouse,
    async close() {
      await Promise.all([logs.close(), ledger.close(), warehouse.close()]);
    },
  };
}

export function noteServers(folder: string, servers: Servers): void {
  writeFileSync(join(folder, SERVERS_FILE), JSON.stringify(servers));
}

function serversOf(folder: string): Servers {
  return JSON.parse(readFileSync(join(folder, SERVERS_FILE), 'utf8')) as Servers;
}

function openSqliteLogs(folder: string): Promise<BenchLogs> {
  const file = { path: join(folder, 'log.sqlite'), ordinal: 0, partitions: EMBEDDED_PARTITIONS };
  return both((topic) => openSqliteLog({ ...file, topic }));
}

/** A folder has topics of its own on the brokers, named after it. */
function openKafkaLogs(folder: string): Promise<BenchLogs> {
  const prefix = folder.replaceAll(/[^A-Za-z0-9]+/g, '-').replace(/^-/, '');
  return both((topic) =>
    openKafkaLog({
      brokers: serversOf(folder).brokers,
      topic: `${prefix}.${topic}`,
      ordinal: 0,
      partitions: KAFKA_PARTITIONS,
      replicationFactor: 1,
      clientId: 'bench',
    }),
  );
}

async function both(open: (topic: 'usage' | 'dead_letter') => Promise<Log>): Promise<BenchLogs> {
  const log = await open('usage');
  const deadLetters = await open('dead_letter');
  return {
    log,
    deadLetters,
    async close() {
      await Promise.all([log.close(), deadLetters.close()]);
    },
  };
}

/**
 * The projector: from the log to raw rows and roll-ups, dedupe on. The records are in the log before
 * the clock starts; it stops when each has its row and no closed bucket is dirty.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EMBEDDED_PARTITIONS } from '@tollgate/adapters/config/data-folder.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { startProjector } from '@tollgate/projector/projector.ts';
import { report } from '../harness/results.ts';
import { median, rounded } from '../harness/stats.ts';
import { EventSource, eventBytes } from './events.ts';

export const projectorBenchUsage = `  projector [--events 500000] [--rounds 3] [--compare FILE]
      Events per second from the log into raw rows and roll-ups, 1 % duplicates.
`;

const APPEND_RECORDS = 5_000;
const DAY_MS = 86_400_000;

type Stores = {
  log: Log;
  deadLetters: Log;
  ledger: Awaited<ReturnType<typeof openSqliteLedger>>;
  warehouse: Warehouse;
  close(): Promise<void>;
};

async function openStores(folder: string): Promise<Stores> {
  const topic = {
    path: join(folder, 'log.sqlite'),
    ordinal: 0,
    partitions: EMBEDDED_PARTITIONS,
  };
  const log = await openSqliteLog({ ...topic, topic: 'usage' });
  const deadLetters = await openSqliteLog({ ...topic, topic: 'dead_letter' });
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const warehouse = await openChdbWarehouse({ path: join(folder, 'warehouse') });
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

async function fill(log: Log, source: EventSource, events: number): Promise<void> {
  for (let made = 0; made < events; made += APPEND_RECORDS) {
    await log.append(source.batch(Math.min(APPEND_RECORDS, events - made)));
  }
}

type Projected = { seconds: number; cpuS: number; rssMib: number };

/** Runs a projector until it has caught up and rolled up. */
async function project(stores: Stores, owner: string): Promise<Projected> {
  const failures: object[] = [];
  const logger = {
    warn: () => undefined,
    error: (fields: object) => failures.push(fields),
  };
  const startMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const projector = await startProjector({ ...stores, owner, logger });
  await projector.caughtUp();
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const rssMib = process.memoryUsage.rss() / 1024 ** 2;
  await projector.stop();
  if (failures.length > 0) throw new Error('the projector failed', { cause: failures[0] });
  return { seconds, cpuS: (user + system) / 1e6, rssMib };
}

export async function benchProjector(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      events: { type: 'string', default: '500000' },
      rounds: { type: 'string', default: '3' },
      compare: { type: 'string' },
    },
  });
  const events = Number(values.events);
  const rounds: (Projected & { eventsPerS: number })[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
    const stores = await openStores(folder);
    try {
      const fromMs = Date.now() - 3 * DAY_MS;
      const source = new EventSource(EMBEDDED_PARTITIONS, fromMs, (2 * DAY_MS) / events);
      await fill(stores.log, source, events);
      const result = await project(stores, `bench${round}`);
      await check(stores.warehouse, events);
      const eventsPerS = events / result.seconds;
      rounds.push({ ...result, eventsPerS });
      console.error(
        `round ${round}: ${Math.round(eventsPerS)}/s, ${rounded(result.cpuS)} CPU s, ` +
          `RSS ${Math.round(result.rssMib)} MiB`,
      );
    } finally {
      await stores.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const of = (field: 'eventsPerS' | 'cpuS' | 'rssMib') => median(rounds.map((r) => r[field]));
  report(
    'projector',
    {
      events,
      event_bytes: Math.round(eventBytes(EMBEDDED_PARTITIONS)),
      partitions: EMBEDDED_PARTITIONS,
    },
    rounds,
    {
      events_per_s: of('eventsPerS'),
      cpu_us_per_event: (of('cpuS') / events) * 1e6,
      rss_mib: of('rssMib'),
    },
    values.compare,
  );
}

/** A rate of rows that are wrong would be worth nothing. */
async function check(warehouse: Warehouse, events: number): Promise<void> {
  const [raw] = await warehouse.query<{ rows: string; counted: string; cost: string }>(
    `SELECT count() AS rows, countIf(disposition = 'counted') AS counted,
       toString(sumIf(cost, disposition = 'counted')) AS cost FROM tollgate.raw_usage`,
  );
  const [rolled] = await warehouse.query<{ events: string; cost: string }>(
    'SELECT sum(events) AS events, toString(sum(cost)) AS cost FROM tollgate.usage_hourly',
  );
  const duplicates = events - Number(raw?.counted);
  const right =
    Number(raw?.rows) === events &&
    Math.abs(duplicates / events - 0.01) < 0.001 &&
    raw?.counted === rolled?.events &&
    raw?.cost === rolled?.cost;
  if (!right) throw new Error(`wrong rows: ${JSON.stringify({ raw, rolled, events })}`);
}

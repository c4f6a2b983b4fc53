/**
 * Backup and restore where log and ledger are on servers (docs/operations.md): under load, all
 * volumes are copied as they are at one instant, then everything is lost. The copies bring the
 * product back as it was: invoices to the byte, every call that was answered before, keys that
 * work, and an audit without a difference. The warehouse is not in the backup: it is rebuilt.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { instancesWithJournal, journalPath } from '@tollgate/adapters/journal/instance-files.ts';
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { openWarehouse } from '@tollgate/adapters/stores/open-warehouse.ts';
import {
  runningConfig,
  type Started,
  startPlatform,
} from '@tollgate/standalone/platform-process.ts';
import { runScenario } from '@tollgate/standalone/scenario/scenario.ts';
import { builtInShapes } from '@tollgate/standalone/scenario/workload.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaUnavailable } from '../engines/kafka-jars.ts';
import { type Engines, startEngines } from '../engines/stack.ts';
import { commandOn, findsAndRepairs } from './audit-house.ts';
import { backUpUnderLoad, call, invoicesOf, newKey } from './backup-house.ts';
import { until } from './platform-house.ts';

const unavailable = kafkaUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: backup on servers. ${unavailable}`);

const folder = mkdtempSync(join(tmpdir(), 'tollgate-backup-servers-'));
const [data, backup] = [join(folder, 'data'), join(folder, 'backup')];
let engines: Engines;
let platform: Started;
beforeAll(async () => {
  if (unavailable !== null) return;
  engines = await startEngines({ folder: join(folder, 'stack'), partitions: 16, projectors: 1 });
  const quiet = () => undefined;
  const { config } = engines;
  const options = { data, config, proxies: 2, speed: 0, say: quiet, progress: quiet };
  ({ platform } = await runScenario({ ...options, shapes: builtInShapes(40) }));
}, 180_000);
afterAll(async () => {
  await platform?.stop();
  await engines?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const operator = (command: string) => commandOn({ data, config: engines.config }, command);

/**
 * Does what a volume snapshot does: stops the processes that answer first, then those that store.
 */
function snapshotAll(): void {
  const [supervisor, proxies] = [platform.supervisorPid(), platform.proxyPids()];
  // A running supervisor would take a stopped proxy for one that hangs.
  process.kill(supervisor, 'SIGSTOP');
  for (const pid of proxies) process.kill(pid, 'SIGSTOP');
  engines.broker.pause();
  engines.ledger.pause();
  mkdirSync(backup);
  for (const [name, path] of volumes()) cpSync(path, join(backup, name), { recursive: true });
  engines.ledger.resume();
  engines.broker.resume();
  for (const pid of [...proxies, supervisor]) process.kill(pid, 'SIGCONT');
}

function volumes(): [string, string][] {
  return [
    ['data', data],
    ['broker', engines.broker.folder],
    ['ledger', engines.ledger.folder],
  ];
}

async function loseAllAndRestore(): Promise<void> {
  await platform.stop();
  const all = [engines.broker, engines.ledger, engines.warehouse];
  await Promise.all(all.map((engine) => engine.kill()));
  for (const path of readdirSync(engines.warehouse.folder)) {
    rmSync(join(engines.warehouse.folder, path), { recursive: true });
  }
  for (const [name, path] of volumes()) {
    rmSync(path, { recursive: true });
    cpSync(join(backup, name), path, { recursive: true });
  }
  await Promise.all(all.map((engine) => engine.start()));
}

/** Resolves when every record of the log has its row. @returns the ids of all calls with an attempt */
async function projectedCalls(): Promise<Set<string>> {
  const logger = { warn: () => undefined };
  const options = { config: runningConfig(data), data, clientId: 'test', logger };
  const log = await openLog(options, 'usage');
  const warehouse = await openWarehouse(options);
  try {
    await until('every record has its row', async () => {
      const ends = await log.ends();
      const [row] = await warehouse.query<{ n: string }>(
        'SELECT toString(count()) AS n FROM tollgate.raw_usage',
      );
      return BigInt(row?.n ?? 0) === ends.reduce((sum, end) => sum + end, 0n);
    });
    const rows = await warehouse.query<{ call_id: string }>(
      "SELECT call_id FROM tollgate.usage_events WHERE type = 'attempt'",
    );
    return new Set(rows.map(({ call_id }) => call_id));
  } finally {
    await log.close();
    await warehouse.close();
  }
}

describe.skipIf(unavailable !== null)('backup and restore on servers', () => {
  it('I1, I4, I5: what was answered before a snapshot of all volumes is billed after everything is lost', async () => {
    // Only the first start prints it: only its hash is kept.
    const { adminToken } = platform;
    const api = adminClient(platform.apiUrl, adminToken);
    const secret = await newKey(api, platform.proxyUrl);
    const invoices = await invoicesOf(api);
    expect(invoices.length).toBeGreaterThan(0);
    const before = await backUpUnderLoad(platform.proxyUrl, secret, async () => snapshotAll());
    await loseAllAndRestore();
    const journals = join(data, 'journal');
    const left = instancesWithJournal(journals);
    expect(left.length).toBeGreaterThan(0);
    expect(await operator('rebuild')).toEqual([0, expect.stringMatching(/Rebuilt [1-9]\d* rows/)]);
    platform = await startPlatform({ data, proxies: 2, config: engines.config });
    expect(await invoicesOf(adminClient(platform.apiUrl, adminToken))).toEqual(invoices);
    await until('a key of then works', async () => {
      return (await call(platform.proxyUrl, secret)) !== null;
    });
    await until('the journals of then are taken over', async () =>
      left.every((instanceId) => !existsSync(journalPath(journals, instanceId))),
    );
    const billed = await projectedCalls();
    expect(before.filter((id) => !billed.has(id))).toEqual([]);
    await platform.stop();
    // The audit is clean, and it is not blind.
    await findsAndRepairs({ data, config: engines.config }, 100);
  }, 300_000);
});

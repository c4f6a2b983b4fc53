/** What /readyz of a proxy says, on a journal and a ledger of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ProxyLimits, proxyLimits } from './limits.ts';
import { startProxy } from './proxy.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-ready-'));
let ledger: Ledger;
let log: Log;

beforeAll(async () => {
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const path = join(folder, 'log.sqlite');
  log = await openSqliteLog({ path, topic: 'usage', ordinal: 0, partitions: 4 });
});
afterAll(async () => {
  await Promise.all([log.close(), ledger.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function readiness(limits: Partial<ProxyLimits>) {
  const proxy = await startProxy({
    ...{ journalFolder: join(folder, 'journal'), ledger, log, providers: [], models: new Map() },
    secrets: openSecrets(join(folder, 'secrets.json')),
    limits: { ...proxyLimits, ...limits },
    logger: { warn: () => undefined, error: () => undefined },
    onFatal: (error) => {
      throw error;
    },
  });
  const answer = await proxy.app.inject('/readyz');
  await proxy.stop();
  return [answer.statusCode, answer.json()];
}

const FINE = { process: 'ok', ledger: 'ok', journal: 'ok', disk: 'ok', providers: 'ok' };

it('a proxy says that it is ready, or which part is not', async () => {
  expect(await readiness({})).toEqual([200, { status: 'ready', checks: FINE }]);
  expect(await readiness({ diskFreeBytesMin: Number.MAX_SAFE_INTEGER })).toEqual([
    ...[503, { status: 'not_ready', checks: { ...FINE, disk: 'full' } }],
  ]);
  expect(await readiness({ outboxRecordsMax: 0 })).toEqual([
    ...[503, { status: 'not_ready', checks: { ...FINE, journal: 'full' } }],
  ]);
  expect(await readiness({ ledgerStaleSoftMs: -1 })).toEqual([
    ...[503, { status: 'not_ready', checks: { ...FINE, ledger: 'stale' } }],
  ]);
});

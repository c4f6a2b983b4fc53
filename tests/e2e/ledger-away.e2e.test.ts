/**
 * A proxy that starts while the ledger is down: it must neither stay silent nor restart in a loop.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEventStoreLedger } from '@tollgate/adapters/ledger/eventstore-ledger.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { startProxy } from '@tollgate/proxy/proxy.ts';
import { expect, it, vi } from 'vitest';
import { startEventStoreStandIn } from '../engines/eventstore-stand-in/server.ts';

it('I3: a proxy that starts without the ledger refuses with 503, and is ready when it is back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-away-'));
  const standIn = await startEventStoreStandIn();
  standIn.halt();
  const { connectionString } = standIn;
  const ledger = await openEventStoreLedger({ connectionString, mayBeAway: true });
  const path = join(folder, 'log.sqlite');
  const log = await openSqliteLog({ path, topic: 'usage', ordinal: 0, partitions: 4 });
  const fatal: Error[] = [];
  const proxy = await startProxy({
    ...{ journalFolder: join(folder, 'journal'), ledger, log, providers: [], models: new Map() },
    secrets: openSecrets(join(folder, 'secrets.json')),
    limits: { ...proxyLimits, startWaitMs: 200, ledgerCatchUpTimeoutMs: 100 },
    logger: { warn: () => undefined, error: () => undefined },
    onFatal: (error) => fatal.push(error),
  });
  const call = async () => {
    const answer = await proxy.app.inject({ method: 'POST', url: '/v1/chat/completions' });
    return [answer.statusCode, (answer.json() as { error: { code: string } }).error.code];
  };
  const readiness = async () => (await proxy.app.inject('/readyz')).statusCode;
  const away = { call: await call(), readiness: await readiness() };
  await standIn.start();
  await vi.waitFor(async () => expect(await readiness()).toBe(200), 10_000);
  const back = await call();
  await proxy.stop();
  await Promise.all([log.close(), ledger.close()]);
  await standIn.stop();
  rmSync(folder, { recursive: true, force: true });
  expect({ away, back, fatal }).toEqual({
    away: { call: [503, 'ledger_unavailable'], readiness: 503 },

    back: [401, 'missing_api_key'],
    fatal: [],
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { expect, it } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { startProxy } from '../proxy.ts';

it('I10: customers are counted by name only where a token guards the port that they call', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-customers-'));
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const path = join(folder, 'log.sqlite');
  const log = await openSqliteLog({ path, topic: 'usage', ordinal: 0, partitions: 4 });
  const counted = async (metricsToken: string | undefined) => {
    const proxy = await startProxy({
      ...{ journalFolder: join(folder, 'journal'), ledger, log, providers: [], models: new Map() },
      secrets: openSecrets(join(folder, 'secrets.json')),
      limits: proxyLimits,
      logger: { warn: () => undefined, error: () => undefined },
      http: { isOurHost: () => true, metricsToken },
      onFatal: (error) => {
        throw error;
      },
    });
    const names = proxy.families().map(({ name }) => name);
    await proxy.stop();
    return names.filter((name) => name.startsWith('tollgate_customer_')).length;
  };
  expect([await counted(undefined), await counted('m3trics')]).toEqual([0, 4]);
  await Promise.all([log.close(), ledger.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/**
 * A backup is taken under load, and everything else is lost. The restored product is as it was at
 * that moment: invoices to the byte, every call that was answered before, keys that work, and an
 * audit without a difference.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { openStores } from '@tollgate/cli/stores.ts';
import { startProjector } from '@tollgate/projector/projector.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { runScenario } from '@tollgate/standalone/scenario/scenario.ts';
import { builtInShapes } from '@tollgate/standalone/scenario/workload.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backUpUnderLoad, call, invoicesOf, newKey } from './backup-house.ts';
import { operatorCommand } from './operator-command.ts';
import { until } from './platform-house.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-backup-'));
const [data, backup] = [join(folder, 'data'), join(folder, 'backup')];
let platform: Started;
let adminToken: string;
beforeAll(async () => {
  const quiet = () => undefined;
  const options = { data, proxies: 2, speed: 0, say: quiet, progress: quiet };
  ({ platform } = await runScenario({ ...options, shapes: builtInShapes(40) }));
  adminToken = platform.adminToken;
}, 120_000);
afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
});

const operator = (...args: string[]) => operatorCommand(...args, '--data', data);

describe('backup and restore', () => {
  it('I1, I4, I5: what was answered before a backup under load is billed after everything else is lost', async () => {
    const api = adminClient(platform.apiUrl, adminToken);
    const secret = await newKey(api, platform.proxyUrl);
    const invoices = await invoicesOf(api);
    expect(invoices.length).toBeGreaterThan(0);

    const before = await backUpUnderLoad(platform.proxyUrl, secret, async () => {
      const done = [0, expect.stringContaining(backup)];
      expect(await operator('backup', '--to', backup)).toEqual(done);
    });
    expect(await operator('backup', '--to', backup)).toEqual([
      2,
      expect.stringContaining('is not empty'),
    ]);
    await platform.stop();
    rmSync(data, { recursive: true });

    cpSync(backup, data, { recursive: true });
    const left = readdirSync(join(data, 'journal'));
    expect(left.length).toBeGreaterThan(0);
    expect(await operator('rebuild')).toEqual([0, expect.stringMatching(/Rebuilt [1-9]\d* rows/)]);
    platform = await startPlatform({ data, proxies: 2 });
    expect(await invoicesOf(adminClient(platform.apiUrl, adminToken))).toEqual(invoices);
    await until(
      'a key of then works',
      async () => (await call(platform.proxyUrl, secret)) !== null,
    );
    await until('the journals of then are taken over', async () =>
      left.every((name) => !existsSync(join(data, 'journal', name))),
    );
    await platform.stop();

    const stores = await openStores(data);
    // The proxies' last records may have come after the projector's last look.
    const logger = { warn: () => undefined, error: () => undefined };
    const projector = await startProjector({ ...stores, owner: 'test', logger });
    await projector.caughtUp();
    await projector.stop();
    const rows = await stores.warehouse.query<{ call_id: string }>(
      "SELECT call_id FROM tollgate.usage_events WHERE type = 'attempt'",
    );
    await stores.close();
    const billed = new Set(rows.map(({ call_id }) => call_id));
    expect(before.filter((id) => !billed.has(id))).toEqual([]);
    expect(await operator('audit')).toEqual([0, expect.stringContaining('No differences.')]);
  });
});

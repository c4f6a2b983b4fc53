/** What /readyz of a proxy says, on a journal and a ledger of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { createUpstream } from '@tollgate/adapters/provider/upstream.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ProxyLimits, proxyLimits } from './limits.ts';
import { type ProxyOptions, startProxy } from './proxy.ts';
import { newUuid } from './random.ts';
import { FairGate } from './routing/fair-gate.ts';

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

async function start(limits: Partial<ProxyLimits>, more: Partial<ProxyOptions> = {}) {
  return startProxy({
    ...{ journalFolder: join(folder, 'journal'), ledger, log, providers: [], models: new Map() },
    secrets: openSecrets(join(folder, 'secrets.json')),
    limits: { ...proxyLimits, ...limits },
    logger: { warn: () => undefined, error: () => undefined },
    onFatal: (error) => {
      throw error;
    },
    ...more,
  });
}

async function readiness(limits: Partial<ProxyLimits>) {
  const proxy = await start(limits);
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

it('a proxy whose providers all fail is not ready, and forgets it in time', async () => {
  const secret = formatKeySecret('live', new Uint8Array(32).fill(3));
  const digest = openSecrets(join(folder, 'secrets.json')).digestKey(secret);
  const data = {
    ...{ key_id: 'key_1', customer_id: 'cus_1', team_id: null, name: 'n', environment: 'live' },
    ...{ tags: {}, on_disconnect: 'drain', expires_at: null, last_four: 'abcd', ...digest },
  };
  const id = newUuid(Date.now());
  await ledger.append('key-key_1', 'no_stream', [{ id, type: 'KeyIssued', data }]);
  const upstream = createUpstream({
    ...{ baseUrl: 'http://127.0.0.1:9/v1', apiKey: '', connectionsMax: 1 },
    ...{ connectTimeoutMs: 1_000, headersTimeoutMs: 1_000, bodyTimeoutMs: 1_000 },
  });
  const provider = {
    name: 'p',
    priceProvider: 'p',
    upstream,
    notBilledStatuses: new Set<number>(),
    outputLimitField: 'max_tokens',
    asksForUsage: true,
    connections: new FairGate(1, 1_000),
  };
  const model = { provider, model: 'm', contextWindow: null, maxOutputTokens: 9 };
  const proxy = await start(
    { illAfterFailures: 3, illForMs: 1_000, healthKeptMs: 0 },
    {
      providers: [provider],
      models: new Map([['m', { ...model, allowUnpriced: true }]]),
    },
  );
  const call = () =>
    proxy.app.inject({
      ...{ method: 'POST', url: '/v1/chat/completions' },
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      payload: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] }),
    });
  const providers = async () => {
    const answer = await proxy.app.inject('/readyz');
    return [answer.statusCode, answer.json().checks.providers];
  };
  expect([(await call()).statusCode, (await call()).statusCode]).toEqual([502, 502]);
  expect(await providers()).toEqual([200, 'ok']);
  expect((await call()).statusCode).toBe(502);
  expect(await providers()).toEqual([503, 'all of them fail: p']);
  await sleep(1_100);
  expect(await providers()).toEqual([200, 'ok']);
  await proxy.stop();
});

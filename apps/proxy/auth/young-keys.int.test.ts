import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LedgerFollower } from '@tollgate/adapters/ledger/follower.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProxy, type ProxyAppOptions } from '../app.ts';
import { LedgerFreshness } from '../ledger-view/freshness.ts';
import { LedgerView, ledgerViewPrefixes } from '../ledger-view/ledger-view.ts';
import { proxyLimits } from '../limits.ts';
import { newUuid } from '../random.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-young-keys-'));
const secrets = openSecrets(join(folder, 'secrets.json'));
let ledger: Ledger;
let follower: LedgerFollower;
let app: FastifyInstance;
let keys = 0;

beforeAll(async () => {
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const directory = new LedgerView(16);
  follower = new LedgerFollower({
    ...{ ledger, prefixes: ledgerViewPrefixes, retryMs: proxyLimits.ledgerRetryMs },
    apply: (event) => directory.apply(event),
    onLost: () => undefined,
  });
  await follower.start();
  app = buildProxy({
    deps: {
      ...{ directory, secrets, limits: { ...proxyLimits, unknownKeyWaitersMax: 4 } },
      follower: new LedgerFreshness(follower, proxyLimits),
      deployments: { providers: [], configuredNames: () => [] },
      onRefused: () => undefined,
    },
    calls: { admit: () => null },
    metrics: async () => '',
    health: async () => ({ ready: true, checks: {} }),
    logger: { error: () => undefined },
  } as unknown as ProxyAppOptions);
});
afterAll(async () => {
  await app.close();
  await follower.stop();
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

function newSecret(): string {
  return formatKeySecret('live', new Uint8Array(32).fill(++keys));
}

async function issue(secret: string): Promise<void> {
  const key_id = `key_${keys}`;
  const data = {
    ...{ key_id, customer_id: 'cus_1', team_id: null, name: 'n', environment: 'live', tags: {} },
    ...{ on_disconnect: 'drain', expires_at: null, last_four: secret.slice(-4) },
    ...secrets.digestKey(secret),
  };
  const event = { id: newUuid(Date.now()), type: 'KeyIssued', data };
  await ledger.append(`key-${key_id}`, 'no_stream', [event]);
}

async function use(secret: string): Promise<number> {
  const headers = { authorization: `Bearer ${secret}` };
  return (await app.inject({ method: 'GET', url: '/v1/models', headers })).statusCode;
}

it('a key works in the moment in which the answer with its secret was sent, every time', async () => {
  for (let i = 0; i < 20; i++) {
    const secret = newSecret();
    await issue(secret);
    expect(await use(secret)).toBe(200);
  }
});

it('an unknown key is refused, and at most so many of them wait at once', async () => {
  const unknown = newSecret();
  expect(await Promise.all(Array.from({ length: 40 }, () => use(unknown)))).toEqual(
    Array(40).fill(401),
  );
});

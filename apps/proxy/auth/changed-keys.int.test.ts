/** What becomes of a key in the ledger, as a proxy that follows it serves calls. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyEvents, teamEvents } from '@tollgate/adapters/ledger/categories.ts';
import { LedgerFollower } from '@tollgate/adapters/ledger/follower.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import type { TeamArchived } from '@tollgate/domain/customer/customer-events.ts';
import type { KeyEvent } from '@tollgate/domain/key/key-events.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { buildProxy, type ProxyAppOptions } from '../app.ts';
import { LedgerFreshness } from '../ledger-view/freshness.ts';
import { LedgerView, ledgerViewPrefixes } from '../ledger-view/ledger-view.ts';
import { proxyLimits } from '../limits.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-changed-keys-'));
const secrets = openSecrets(join(folder, 'secrets.json'));
let ledger: Ledger;
let follower: LedgerFollower;
let app: FastifyInstance;
let keys = 0;
let key_id: string;
let secret: string;
let revision: bigint | 'no_stream';

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
      ...{ directory, secrets, limits: proxyLimits },
      follower: new LedgerFreshness(follower, proxyLimits),
      deployments: { providers: [], configuredNames: () => [] },
      onRefused: () => undefined,
    },
    calls: { admit: () => null },
    metrics: () => '',
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

beforeEach(async () => {
  keys += 1;
  [key_id, revision] = [`key_${keys}`, 'no_stream'];
  secret = formatKeySecret('live', new Uint8Array(32).fill(keys));
  await happens({
    type: 'KeyIssued',
    data: {
      ...{ key_id, customer_id: 'cus_1', team_id: `team_${keys}`, name: 'n', environment: 'live' },
      ...{ tags: {}, on_disconnect: 'drain', expires_at: null, last_four: secret.slice(-4) },
      ...secrets.digestKey(secret),
    },
  });
  await becomes(200);
});

async function happens(event: KeyEvent): Promise<void> {
  const stream = keyEvents.of(key_id);
  const appended = newLedgerEvent(stream, event, String(revision));
  const result = await ledger.append(stream, revision, [appended]);
  if (!result.ok) throw new Error('conflict');
  revision = result.revision;
}

async function use() {
  const headers = { authorization: `Bearer ${secret}` };
  const answer = await app.inject({ method: 'GET', url: '/v1/models', headers });
  const { error } = JSON.parse(answer.body) as { error?: { code: string } };
  return error?.code ?? answer.statusCode;
}

/** Without anything else that would make the proxy look: it follows by itself. */
const becomes = (answer: unknown) => expect.poll(use, { timeout: 10_000 }).toBe(answer);

it('a suspended key is refused, and works again when it is resumed', async () => {
  await happens({ type: 'KeySuspended', data: { key_id, reason: null } });
  await becomes('suspended_api_key');
  await happens({ type: 'KeyResumed', data: { key_id } });
  await becomes(200);
});

it('a key expires at the end that an update gives it, and lives with a later one', async () => {
  const expires = (atMs: number) =>
    happens({
      type: 'KeyUpdated',
      data: { key_id, expires_at: new Date(atMs).toISOString() },
    });
  await expires(Date.now() + 300);
  await becomes('expired_api_key');
  await expires(Date.now() + 3_600_000);
  await becomes(200);
});

it('an archived key is refused, and so is each key of an archived team', async () => {
  const team_id = `team_${keys}`;
  const stream = teamEvents.of(team_id);
  const archived: TeamArchived = { type: 'TeamArchived', data: { team_id } };
  await ledger.append(stream, 'no_stream', [newLedgerEvent(stream, archived, 'archive')]);
  await becomes('team_archived');
  await happens({ type: 'KeyArchived', data: { key_id } });
  await becomes('archived_api_key');
});

/** The proxy's app on a real ledger that it follows by itself, without providers: for tests of keys. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LedgerFollower } from '@tollgate/adapters/ledger/follower.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import type { KeyEvent } from '@tollgate/domain/key/key-events.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import { buildProxy, type ProxyAppOptions } from '../app.ts';
import { LedgerFreshness } from '../ledger-view/freshness.ts';
import { LedgerView, ledgerViewPrefixes } from '../ledger-view/ledger-view.ts';
import { type ProxyLimits, proxyLimits } from '../limits.ts';

export type KeyHouse = Awaited<ReturnType<typeof openKeyHouse>>;

export async function openKeyHouse(bounds: Partial<ProxyLimits> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-keys-'));
  const secrets = openSecrets(join(folder, 'secrets.json'));
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const limits = { ...proxyLimits, ...bounds };
  const directory = new LedgerView(16);
  const follower = new LedgerFollower({
    ...{ ledger, prefixes: ledgerViewPrefixes, retryMs: limits.ledgerRetryMs },
    apply: (event) => directory.apply(event),
    onLost: () => undefined,
  });
  await follower.start();
  const app = buildProxy({
    deps: {
      ...{ directory, secrets, limits },
      follower: new LedgerFreshness(follower, limits),
      deployments: { providers: [], configuredNames: () => [] },
      onRefused: () => undefined,
    },
    calls: { admit: () => null },
    metrics: async () => '',
    health: async () => ({ ready: true, checks: {} }),
    logger: { error: () => undefined },
  } as unknown as ProxyAppOptions);
  let keys = 0;

  return {
    ledger,

    /** A secret that no other key has, and the event that issues it. */
    newKey(): { key_id: string; team_id: string; secret: string; issued: KeyEvent } {
      keys += 1;
      const [key_id, team_id] = [`key_${keys}`, `team_${keys}`];
      const secret = formatKeySecret('live', new Uint8Array(32).fill(keys));
      const data = {
        ...{ key_id, customer_id: 'cus_1', team_id, name: 'n', environment: 'live', tags: {} },
        ...{ on_disconnect: 'drain' as const, expires_at: null, last_four: secret.slice(-4) },
        ...secrets.digestKey(secret),
      };
      return { key_id, team_id, secret, issued: { type: 'KeyIssued', data } };
    },

    /** What the proxy answers to a request with it: 200, or the code of the refusal. */
    async use(secret: string): Promise<number | string> {
      const headers = { authorization: `Bearer ${secret}` };
      const answer = await app.inject({ method: 'GET', url: '/v1/models', headers });
      const { error } = JSON.parse(answer.body) as { error?: { code: string } };
      return error?.code ?? answer.statusCode;
    },

    async close(): Promise<void> {
      await app.close();
      await follower.stop();
      await ledger.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

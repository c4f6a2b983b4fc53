/** A whole proxy on real stores, before a provider that sends what a case says. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { createUpstream } from '@tollgate/adapters/provider/upstream.ts';
import { openSecrets, type Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import { priceListsFromOverrides } from '@tollgate/domain/pricing/from-overrides.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { startProxy } from '@tollgate/proxy/proxy.ts';
import { FairGate } from '@tollgate/proxy/routing/fair-gate.ts';
import { NOT_BILLED_STATUSES } from '@tollgate/schemas/config/tollgate-config.ts';
import type { AnswerCase } from './answer-case.ts';
import { startRawProvider } from './raw-provider.ts';

const TIMEOUT_MS = 20_000;
const CONNECTIONS = 64;

/** USD per million tokens. */
const PRICES = [
  { model: 'chat', input: '1', cache_read: '0.1', cache_write: '1.25', output: '10' },
  { model: 'embed', input: '0.02' },
  {
    ...{ model: 'audio', input: '2.5', cache_read: '1.25', output: '10' },
    ...{ audio_input: '40', audio_output: '80' },
  },
].map((price) => ({ ...price, provider: 'up', tiers: [], max_output_tokens: 4_096 }));

export type Observed = { event: UsageEvent; status: number | null; body: Buffer };
export type AnswerStage = {
  play(played: AnswerCase): Promise<Observed>;
  close(): Promise<void>;
};

export async function openStage(cases: readonly AnswerCase[]): Promise<AnswerStage> {
  const byName = new Map(cases.map((played) => [played.name, played]));
  const provider = await startRawProvider((user) => byName.get(user)?.provider);
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-answers-'));
  const path = join(folder, 'log.sqlite');
  const log = await openSqliteLog({ path, topic: 'usage', ordinal: 0, partitions: 1 });
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const secrets = openSecrets(join(folder, 'secrets.json'));
  await publishPrices(ledger);
  const keys = {
    drain: await issueKey(ledger, secrets, 'drain'),
    abort: await issueKey(ledger, secrets, 'abort'),
  };
  const upstream = createUpstream({
    ...{ baseUrl: provider.url, apiKey: '', connectionsMax: CONNECTIONS },
    ...{ connectTimeoutMs: TIMEOUT_MS, headersTimeoutMs: TIMEOUT_MS, bodyTimeoutMs: TIMEOUT_MS },
  });
  const proxy = await startProxy({
    ...{ journalFolder: join(folder, 'journal'), ledger, log, secrets, limits: proxyLimits },
    providers: [
      {
        ...{ name: 'up', priceProvider: 'up', upstream, outputLimitField: 'max_tokens' },
        asksForUsage: true,
        notBilledStatuses: new Set(NOT_BILLED_STATUSES),
        connections: new FairGate(CONNECTIONS, TIMEOUT_MS),
      },
    ],
    models: new Map(),
    logger: { warn: () => undefined, error: (fields, message) => console.error(message, fields) },
    onFatal: (error) => {
      throw error;
    },
  });
  const url = await proxy.app.listen({ port: 0, host: '127.0.0.1' });
  return {
    async play(played) {
      const key = played.leavesAfterMs === undefined ? keys.drain : keys.abort;
      const got = await call(url, key, played);
      return { ...got, event: await eventOf(log, played.name) };
    },
    async close() {
      await proxy.stop();
      await Promise.all([provider.close(), log.close(), ledger.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function call(
  url: string,
  key: string,
  played: AnswerCase,
): Promise<Omit<Observed, 'event'>> {
  const { leavesAfterMs, name, path = '/v1/chat/completions' } = played;
  const leave = new AbortController();
  try {
    const response = await fetch(`${url}${path}`, {
      ...{ method: 'POST', redirect: 'manual', signal: leave.signal },
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...played.request, user: name }),
    });
    if (leavesAfterMs !== undefined) setTimeout(() => leave.abort(), leavesAfterMs);
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  } catch {
    // It broke off, or this client left.
    return { status: null, body: Buffer.alloc(0) };
  }
}

async function eventOf(log: Log, user: string): Promise<UsageEvent> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  let offset = 0n;
  while (performance.now() < deadlineMs) {
    const from = { partition: 0, offset, maxRecords: 1_000, maxBytes: 10_000_000 };
    for (const record of await log.read(from)) {
      const event = JSON.parse(Buffer.from(record.value).toString()) as UsageEvent;
      if (event.end_user === user) return event;
      offset = record.offset + 1n;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no event of ${user}`);
}

async function publishPrices(ledger: Ledger): Promise<void> {
  for (const data of priceListsFromOverrides(PRICES, () => 'cases-1')) {
    const stream = `price_book-${data.provider}.${data.source}`;
    const type = 'PriceVersionPublished';
    const id = ledgerEventId(stream, type, data.version);
    await ledger.append(stream, 'no_stream', [{ id, type, data }]);
  }
}

async function issueKey(
  ledger: Ledger,
  secrets: Secrets,
  onDisconnect: 'drain' | 'abort',
): Promise<string> {
  const customerId = makeId('cus', Date.now(), randomBytes(10));
  const keyId = makeId('key', Date.now(), randomBytes(10));
  const secret = formatKeySecret('test', randomBytes(32));
  const append = (stream: string, type: string, data: object) =>
    ledger.append(stream, 'no_stream', [{ id: ledgerEventId(stream, type, ''), type, data }]);
  await append(`customer-${customerId}`, 'CustomerCreated', {
    ...{ customer_id: customerId, external_id: null, name: 'c', time_zone: 'UTC' },
    ...{ currency: 'USD', markup_ppm: 0 },
  });
  await append(`key-${keyId}`, 'KeyIssued', {
    ...{ ...secrets.digestKey(secret), key_id: keyId, customer_id: customerId, team_id: null },
    ...{ name: 'k', environment: 'test', tags: {}, last_four: secret.slice(-4) },
    ...{ on_disconnect: onDisconnect, expires_at: null },
  });
  return secret;
}

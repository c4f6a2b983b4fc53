/** Rate limits while nobody answers for them: each limit’s policy decides, and the operator is told. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { parseExposition, sumOf } from '@tollgate/adapters/metrics/testing/parse-exposition.ts';
import { type Receiver, startReceiver } from '@tollgate/adapters/webhooks/testing/receiver.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from './platform-house.ts';

type Policy = 'open' | 'closed';
type House = { folder: string; data: string; platform: Started; receiver: Receiver };

/** By the policy of the first limit there. Apart, since one hour of one installation has one alarm. */
const houses = new Map<Policy, House>();
const of = (policy: Policy) => houses.get(policy) as House;

async function open(policy: Policy): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-rates-away-'));
  const data = join(folder, 'data');
  const url = join(folder, 'valkey-url');
  const config = join(folder, 'tollgate.yaml');
  // Port 9 of this machine discards what it gets, or is closed.
  writeFileSync(url, 'redis://127.0.0.1:9', { mode: 0o600 });
  const engines = `engines: { rates: { valkey: { url: { file: ${url} } } } }`;
  writeFileSync(config, `${engines}\nwebhooks: { allow: [127.0.0.1] }\n`);
  const platform = await startPlatform({ data, proxies: 1, config });
  const receiver = await startReceiver();
  houses.set(policy, { folder, data, platform, receiver });
  const api = adminClient(platform.apiUrl, platform.adminToken);
  const webhook = await api.post<{ secret: string }>('/v1/webhooks', { url: receiver.url });
  receiver.state.secret = webhook.secret;
}

beforeAll(async () => {
  await Promise.all([open('open'), open('closed')]);
}, 90_000);
afterAll(async () => {
  await Promise.all(
    [...houses.values()].map(async ({ folder, platform, receiver }) => {
      await platform.stop();
      await receiver.close();
      rmSync(folder, { recursive: true, force: true });
    }),
  );
});

async function keyWith({ platform }: House, when_store_is_away: Policy): Promise<string> {
  const api = adminClient(platform.apiUrl, platform.adminToken);
  const { id: customer_id } = await api.post<{ id: string }>('/v1/customers', { name: 'c' });
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
    ...{ customer_id, name: 'k', environment: 'test' },
  });
  const scope = { type: 'key', id: key.id };
  const terms = { measure: 'requests', limit: 1, when_store_is_away };
  await api.post('/v1/rate_limits', { scope, ...terms });
  return key.secret;
}

async function call({ platform }: House, secret: string): Promise<[number, string | undefined]> {
  const answer = await fetch(`${platform.proxyUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ model: 'sim-small', max_completion_tokens: 8 },
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
  const body = (await answer.json()) as { error?: { code: string } };
  return [answer.status, body.error?.code];
}

it('are an alarm that arrives once, although open limits let every call pass', async () => {
  await arrivesOnce('open', 200);
});

it('are an alarm that arrives once where closed limits refuse every call', async () => {
  await arrivesOnce('closed', 503);
});

async function arrivesOnce(policy: Policy, status: number): Promise<void> {
  const house = of(policy);
  const secret = await keyWith(house, policy);
  const told = () => house.receiver.received.filter(({ body }) => body.includes('rate_store'));
  await until('the alarm has arrived', async () => {
    // The proxy follows the ledger: until it has the limit, the call passes and nobody is asked.
    await call(house, secret);
    return told().length > 0;
  });
  expect((await call(house, secret))[0]).toBe(status);
  const { platform } = house;
  const api = adminClient(platform.apiUrl, platform.adminToken);
  const { data: alarms } = await api.get<{ data: object[] }>('/v1/alarms');
  expect(alarms).toMatchObject([{ kind: 'rate_store_away', budget_id: null }]);
  expect(told()).toMatchObject([
    { verified: { type: 'rate_store.away', data: { kind: 'rate_store_away' } } },
  ]);
}

// majiayu000/litellm-rs#836: each process counted for itself, and nobody was told.
it('close limits that say so, open the others, and say so in the log and the metrics', async () => {
  const house = of('closed');
  const { platform, data } = house;
  const [closed, open] = [await keyWith(house, 'closed'), await keyWith(house, 'open')];
  await until('the proxy has both limits', async () => (await call(house, closed))[0] === 503);
  expect(await call(house, closed)).toEqual([503, 'rate_limit_unavailable']);
  // The proxy follows the ledger in order: the limit that was defined later may come later.
  const metrics = async () =>
    parseExposition(await (await fetch(`${platform.proxyUrl}/metrics`)).text());
  await until('a call has passed uncounted', async () => {
    await call(house, open);
    return sumOf(await metrics(), 'tollgate_rate_unenforced_total') > 0;
  });
  expect(await Promise.all([call(house, open), call(house, open), call(house, open)])).toEqual([
    [200, undefined],
    [200, undefined],
    [200, undefined],
  ]);
  const seen = await metrics();
  expect(sumOf(seen, 'tollgate_rate_store_away')).toBe(1);
  expect(sumOf(seen, 'tollgate_rate_store_failures_total')).toBeGreaterThan(0);
  const lines = readFileSync(join(data, 'run/proxy-1.log'), 'utf8').split('\n');
  const told = lines.filter((line) => line.includes('the store of rates is away'));
  expect(told.map((line) => JSON.parse(line).level)).toEqual(['error']);
});

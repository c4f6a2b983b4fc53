/** Rate limits while nobody answers for them: each limit's policy decides, and the operator is told. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { parseExposition, sumOf } from '@tollgate/adapters/metrics/testing/parse-exposition.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from './platform-house.ts';

let folder: string;
let data: string;
let platform: Started;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-rates-away-'));
  data = join(folder, 'data');
  const url = join(folder, 'valkey-url');
  const config = join(folder, 'tollgate.yaml');
  // Port 9 of this machine discards what it gets, or is closed.
  writeFileSync(url, 'redis://127.0.0.1:9', { mode: 0o600 });
  writeFileSync(config, `engines: { rates: { valkey: { url: { file: ${url} } } } }\n`);
  platform = await startPlatform({ data, proxies: 1, config });
}, 90_000);
afterAll(async () => {
  await platform?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function keyWith(when_store_is_away: 'open' | 'closed'): Promise<string> {
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

async function call(secret: string): Promise<[number, string | undefined]> {
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

// majiayu000/litellm-rs#836: each process counted for itself, and nobody was told.
it('close limits that say so, open the others, and say so in the log and the metrics', async () => {
  const [closed, open] = [await keyWith('closed'), await keyWith('open')];
  await until('the proxy has both limits', async () => (await call(closed))[0] === 503);
  expect(await call(closed)).toEqual([503, 'rate_limit_unavailable']);
  // The proxy follows the ledger in order: the limit that was defined later may come later.
  const metrics = async () =>
    parseExposition(await (await fetch(`${platform.proxyUrl}/metrics`)).text());
  await until('a call has passed uncounted', async () => {
    await call(open);
    return sumOf(await metrics(), 'tollgate_rate_unenforced_total') > 0;
  });
  expect(await Promise.all([call(open), call(open), call(open)])).toEqual([
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

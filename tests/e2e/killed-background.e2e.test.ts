/** Background responses over the real processes: the proxy that took one is killed before anybody asks for it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import type { BillLine } from '@tollgate/simulator/bill/bill-line.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from './platform-house.ts';

let folder: string;
let platform: Started;
let api: AdminClient;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-killed-'));
  platform = await startPlatform({ data: join(folder, 'data'), proxies: 2 });
  api = adminClient(platform.apiUrl, platform.adminToken);
}, 90_000);
afterAll(async () => {
  await platform?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('I1, I2: one whose proxies are killed between its start and its end is billed once, as its provider says', async () => {
  const customer = await api.post<{ id: string }>('/v1/customers', { name: 'c' });
  const issued = { customer_id: customer.id, name: 'k', environment: 'test' };
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', issued);
  const client = new OpenAI({ baseURL: `${platform.proxyUrl}/v1`, apiKey: key.secret });
  const { id } = await client.responses.create({
    ...{ model: 'sim-small', input: 'How much is the fish?', max_output_tokens: 50 },
    ...{ background: true, metadata: { sim_output_tokens: '20', sim_latency_ms: '1500' } },
  });
  for (const pid of platform.proxyPids()) process.kill(pid, 'SIGKILL');
  await until('it has ended', async () => {
    const seen = await client.responses.retrieve(id).catch(() => null);
    return seen?.status === 'completed';
  });
  const lines = readFileSync(platform.bill, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(1);
  const line = JSON.parse(lines[0] as string) as BillLine;
  await until('its cost is known', async () => {
    const usage = await api.get<{ data: { cost: string }[] }>(
      `/v1/usage?customer_id=${customer.id}`,
    );
    return usage.data.reduce((sum, { cost }) => sum + Number(cost), 0) === Number(line.cost);
  });
});

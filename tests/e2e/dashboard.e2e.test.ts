/** The alert rules and the dashboard ask for what running processes really expose. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import {
  parseExposition,
  type ReadFamily,
} from '@tollgate/adapters/metrics/testing/parse-exposition.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  alertExpressions,
  labelsIn,
  metricsIn,
  panelExpressions,
} from '../deployment/metric-names.ts';
import { until } from './platform-house.ts';

/** Prometheus adds them itself, or `prometheus.yml` does. */
const OF_PROMETHEUS = ['job', 'instance', 'part', 'le'];
const TOKEN = 'a-token-of-the-test';

let folder: string;
let platform: Started;
let exposed: Map<string, ReadFamily>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-dashboard-'));
  const token = join(folder, 'metrics_token');
  writeFileSync(token, TOKEN);
  const config = join(folder, 'tollgate.yaml');
  writeFileSync(config, `metrics_token: { file: ${JSON.stringify(token)} }\n`);
  platform = await startPlatform({ data: join(folder, 'data'), config, proxies: 1 });
  const api = adminClient(platform.apiUrl, platform.adminToken);
  const { id } = await api.post<{ id: string }>('/v1/customers', { name: 'c' });
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
    ...{ customer_id: id, name: 'k' },
  });
  await api.post('/v1/budgets', { scope: { type: 'key', id: key.id }, limit: '5' });
  const call = (model: string) =>
    fetch(`${platform.proxyUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ model, max_tokens: 9, stream: true },
        messages: [{ role: 'user', content: 'Hi' }],
      }),
    }).then(async (answer) => [answer.status, await answer.text()] as const);
  await until('the key works', async () => (await call('sim-small'))[0] === 200);
  await call('nobody-serves-this');
  await until('the budget is shown', async () => {
    exposed = await scrape();
    return (exposed.get('tollgate_budget_remaining')?.samples.length ?? 0) > 0;
  });
});
afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function scrape(): Promise<Map<string, ReadFamily>> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await fetch(`${platform.proxyUrl}/metrics`, { headers });
  expect(answer.status).toBe(200);
  return parseExposition(await answer.text());
}

it('every metric that an alert or a panel asks for is exposed', () => {
  const asked = [...alertExpressions(), ...panelExpressions()];
  expect(asked.length).toBeGreaterThan(40);
  const missing = asked.flatMap(({ by, expr }) =>
    metricsIn(expr).flatMap((name) => (exposed.has(name) ? [] : [`${by}: ${name}`])),
  );
  expect(missing).toEqual([]);
});

it('every label that an alert or a panel asks for is there', () => {
  const labels = new Set(OF_PROMETHEUS);
  for (const { samples } of exposed.values()) {
    for (const sample of samples) for (const label of Object.keys(sample.labels)) labels.add(label);
  }
  const missing = [...alertExpressions(), ...panelExpressions()].flatMap(({ by, expr }) =>
    labelsIn(expr).flatMap((label) => (labels.has(label) ? [] : [`${by}: ${label}`])),
  );
  // Nothing has failed at the provider here.
  expect(missing.filter((each) => !each.endsWith(': error_type'))).toEqual([]);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './platform-house.ts';

let folder: string;
let platform: Started;
let admin: AdminClient;
let customerId: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-control-'));
  platform = await startPlatform({ data: join(folder, 'data'), proxies: 1 });
  admin = adminClient(platform.apiUrl, platform.adminToken);
  const customer = { name: 'c', external_id: 'mine', time_zone: 'Asia/Kolkata' };
  customerId = (await admin.post<{ id: string }>('/v1/customers', customer)).id;
}, 60_000);
afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
});

const issue = () =>
  admin.post<{ id: string; secret: string }>('/v1/keys', { customer_id: 'mine', name: 'k' });
const call = (apiKey: string) =>
  new OpenAI({ apiKey, baseURL: `${platform.proxyUrl}/v1`, maxRetries: 0 }).chat.completions
    .create({
      model: 'sim-small',
      messages: [{ role: 'user', content: 'hi' }],
      max_completion_tokens: 20,
    })
    .withResponse();
const works = (apiKey: string) =>
  call(apiKey).then(
    () => true,
    () => false,
  );

describe('the control plane', () => {
  it('finds a customer by the operator’s own id, with its first period open', async () => {
    const customer = await admin.get<{ id: string }>('/v1/customers/mine');
    const { data } = await admin.get<{ data: { status: string; start: string }[] }>(
      `/v1/periods?customer_id=${customerId}`,
    );
    expect([customer.id, data.map(({ status }) => status)]).toEqual([customerId, ['open']]);
    expect(data[0]?.start.endsWith('T18:30:00.000Z')).toBe(true);
  });

  it('rotates a key: the new secret works, the old one stops', async () => {
    const key = await issue();
    await until('the key works', () => works(key.secret));
    const rotated = await admin.post<{ secret: string }>(`/v1/keys/${key.id}/rotate`, {});
    await until('the new secret works', () => works(rotated.secret));
    expect(await works(key.secret)).toBe(false);
  });

  it('a suspended key stops within a second, with a reason, and works again when resumed', async () => {
    const key = await issue();
    await until('the key works', () => works(key.secret));
    await admin.post(`/v1/keys/${key.id}/suspend`, { reason: 'looks odd' });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const refused = await call(key.secret).then(
      () => null,
      ({ status, code }: { status?: number; code?: string }) => [status, code],
    );
    expect(refused).toEqual([403, 'suspended_api_key']);
    await admin.post(`/v1/keys/${key.id}/resume`, {});
    await until('it works again', () => works(key.secret));
  });

  it('a raised limit lets calls through that were refused before', async () => {
    const key = await issue();
    const scope = { type: 'key', id: key.id };
    const budget = await admin.post<{ id: string }>('/v1/budgets', { scope, limit: '0.000001' });
    await until('it is refused for its budget', async () => {
      const error = await call(key.secret).then(
        () => null,
        (reason: { status?: number }) => reason,
      );
      return error?.status === 402;
    });
    const changed = await fetch(`${platform.apiUrl}/v1/budgets/${budget.id}`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${platform.adminToken}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ limit: '1' }),
    });
    await until('it works', () => works(key.secret));
    const { limit, current } = (await changed.json()) as {
      limit: string;
      current: { limit: string };
    };
    expect([limit, current.limit]).toEqual(['1.000000000000', '1.000000000000']);
  });

  it('a published price holds for the calls after it, and each call shows its own cost', async () => {
    const key = await issue();
    await until('the key works', () => works(key.secret));
    const before = await call(key.secret);
    await admin.post('/v1/price_books', {
      provider: 'simulator',
      models: [{ model: 'sim-small', input: '1000', output: '1000' }],
    });
    let callId = '';
    let cost = '';
    await until('the new price is in force', async () => {
      const { response } = await call(key.secret);
      callId = response.headers.get('x-tollgate-call-id') ?? '';
      cost = response.headers.get('x-tollgate-cost') ?? '';
      return Number(cost) > 0.001;
    });
    await until('the call is in the warehouse', async () => {
      const found = await admin.get<{ cost: string }>(`/v1/calls/${callId}`).catch(() => null);
      return found?.cost === cost;
    });
    const earlier = before.response.headers;
    const { cost: old } = await admin.get<{ cost: string }>(
      `/v1/calls/${earlier.get('x-tollgate-call-id')}`,
    );
    expect(old).toBe(earlier.get('x-tollgate-cost'));
  });

  it('sums up usage by hour, day and month of any zone, each to the same total', async () => {
    const range = `start=${new Date(Date.now() - 86_400_000).toISOString()}&end=${new Date(Date.now() + 86_400_000).toISOString()}`;
    const totals = async () =>
      Promise.all(
        ['total', 'hour', 'day', 'month'].map(async (window) => {
          const { data } = await admin.get<{ data: { events: number }[] }>(
            `/v1/usage?${range}&window=${window}&time_zone=Asia/Kolkata&customer_id=${customerId}`,
          );
          return data.reduce((sum, { events }) => sum + events, 0);
        }),
      );
    await until('all windows agree', async () => {
      const found = new Set(await totals());
      return found.size === 1 && !found.has(0);
    });
    const document = await fetch(`${platform.apiUrl}/openapi.json`);
    const { openapi, paths } = (await document.json()) as { openapi: string; paths: object };
    expect([openapi, Object.keys(paths).length > 15]).toEqual(['3.1.0', true]);
  });
});

/** Alarms over the real processes: calls, a budget, a receiver, and a core process that is killed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import {
  answerWith,
  type Receiver,
  startReceiver,
} from '@tollgate/adapters/webhooks/testing/receiver.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './platform-house.ts';

type Alarm = { id: string; kind: string; threshold: number | null; budget_id: string };
type Delivery = { event_id: string; status: string; attempts: { error: string | null }[] };
type Budget = { id: string; current: { spent: string; thresholds_reached: number[] } };

let folder: string;
let platform: Started;
let receiver: Receiver;
let api: ReturnType<typeof adminClient>;
let webhookId: string;
let customerId: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-alarms-'));
  const config = join(folder, 'tollgate.yaml');
  writeFileSync(config, 'webhooks: { allow: [127.0.0.1] }\n');
  receiver = await startReceiver();
  platform = await startPlatform({ data: join(folder, 'data'), proxies: 1, config });
  api = adminClient(platform.apiUrl, platform.adminToken);
  customerId = (await api.post<{ id: string }>('/v1/customers', { name: 'c' })).id;
  const webhook = await api.post<{ id: string; secret: string }>('/v1/webhooks', {
    url: receiver.url,
  });
  receiver.state.secret = webhook.secret;
  webhookId = webhook.id;
}, 90_000);
afterAll(async () => {
  await platform?.stop();
  await receiver?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function budget(fields: object): Promise<{ id: string; secret: string }> {
  const issued = { customer_id: customerId, name: 'k', environment: 'test' };
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', issued);
  const scope = { type: 'key', id: key.id };
  const made = await api.post<Budget>('/v1/budgets', { scope, window: 'day', ...fields });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return { id: made.id, secret: key.secret };
}

async function call(secret: string): Promise<number> {
  const answer = await fetch(`${platform.proxyUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ model: 'sim-small', max_completion_tokens: 8 },
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

const alarmsOf = async (budgetId: string) =>
  (await api.get<{ data: Alarm[] }>(`/v1/alarms?budget_id=${budgetId}&limit=100`)).data;
const receivedOf = (alarms: readonly Alarm[]) =>
  receiver.received.filter(({ id }) => alarms.some((alarm) => alarm.id === id));
const core = () =>
  (JSON.parse(readFileSync(join(folder, 'data/run/state.json'), 'utf8')) as { core: number }).core;

describe('alarms', () => {
  it('are what a webhook that was tried is ready for, and /readyz knows of them', async () => {
    const { event_id } = await api.post<Delivery>(`/v1/webhooks/${webhookId}/test`, {});
    await until('it has arrived', async () => receiver.received.some(({ id }) => id === event_id));
    const test = receiver.received.find(({ id }) => id === event_id);
    expect(test?.verified).toMatchObject({ type: 'webhook.test' });
    const list = `/v1/webhooks/${webhookId}/deliveries?status=delivered`;
    await until('it is recorded', async () => {
      const { data } = await api.get<{ data: Delivery[] }>(list);
      return data.some((delivery) => delivery.event_id === event_id);
    });
    const ready = await fetch(`${platform.apiUrl}/readyz`);
    expect(await ready.json()).toMatchObject({ ready: true, checks: { alarms: 'ok' } });
  });

  it('of a hard budget of requests arrive signed, once for each threshold', async () => {
    const { id, secret } = await budget({ unit: 'requests', limit: '10' });
    for (let i = 0; i < 12; i++) await call(secret);
    await until('all are raised', async () => {
      const reached = (await api.get<Budget>(`/v1/budgets/${id}`)).current.thresholds_reached;
      return reached.length === 4;
    });
    await until('all have arrived', async () => receivedOf(await alarmsOf(id)).length >= 4);
    const alarms = (await alarmsOf(id)).filter(({ kind }) => kind === 'threshold');
    expect(alarms.map(({ threshold }) => threshold).toSorted()).toEqual([100, 50, 80, 95]);
    const received = receivedOf(alarms);
    expect(received.map((one) => one.id).toSorted()).toEqual(alarms.map((a) => a.id).toSorted());
    expect(received.every(({ verified }) => verified !== null)).toBe(true);
    expect(received[0]?.verified).toMatchObject({ data: { budget_id: id, unit: 'requests' } });
  });

  it('of a soft budget arrive, and no call is refused', async () => {
    const { id, secret } = await budget({ unit: 'requests', limit: '2', enforcement: 'soft' });
    for (let i = 0; i < 4; i++) expect(await call(secret)).toBe(200);
    await until('it has arrived', async () =>
      receivedOf(await alarmsOf(id)).some(({ body }) => body.includes('"threshold":100')),
    );
    const { current } = await api.get<Budget>(`/v1/budgets/${id}`);
    expect(current).toMatchObject({ spent: '4.000000000000', held: '0.000000000000' });
  });

  // surya-koritala/loomfeed#54, Vexa-ai/vexa#520: what was to be sent was lost with the process.
  it('arrive although the process that raises and sends them is killed over and over', async () => {
    receiver.state.answer = answerWith(500);
    const { id, secret } = await budget({ unit: 'requests', limit: '4', thresholds: [25, 75] });
    expect(await call(secret)).toBe(200);
    await until('the first was tried', async () => receivedOf(await alarmsOf(id)).length > 0);
    for (let kills = 0; kills < 3; kills++) {
      const killed = core();
      process.kill(killed, 'SIGKILL');
      await call(secret);
      await until('the core runs again', async () => {
        return (
          core() !== killed &&
          (await fetch(`${platform.apiUrl}/readyz`).catch(() => null))?.ok === true
        );
      });
    }
    receiver.state.answer = answerWith(204);
    const settled = async () => {
      const list = await api.get<{ data: Delivery[] }>(
        `/v1/webhooks/${webhookId}/deliveries?status=delivered&limit=100`,
      );
      const alarms = await alarmsOf(id);
      const thresholds = alarms.filter(({ kind }) => kind === 'threshold');
      return (
        thresholds.length === 2 &&
        alarms.every((alarm) => list.data.some(({ event_id }) => event_id === alarm.id))
      );
    };
    const deadlineMs = performance.now() + 120_000;
    while (!(await settled()) && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(await settled()).toBe(true);
    const alarms = await alarmsOf(id);
    expect(new Set(alarms.map((alarm) => alarm.id)).size).toBe(alarms.length);
    expect(receivedOf(alarms).every(({ verified }) => verified !== null)).toBe(true);
  });
});

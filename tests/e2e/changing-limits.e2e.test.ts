/**
 * Limits that change with time, on the real processes: two proxies, one of them killed, against the
 * simulator's own bill. What is checked of a budget is what an operator sees.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { runAudit } from '@tollgate/audit/audit.ts';
import { readBill } from '@tollgate/audit/bill/figures.ts';
import { openStores } from '@tollgate/cli/stores.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from './platform-house.ts';

type Made = { id: string };
type Budget = {
  current: {
    limit: string;
    spent: string;
    held: string;
    parts: { credit: []; raises: []; ended_credit: { spent: string; unused: string } };
  };
};

let folder: string;
let platform: Started;
let admin: AdminClient;
let secret: string;
let budget: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-limits-'));
  platform = await startPlatform({ data: join(folder, 'data'), proxies: 2 });
  admin = adminClient(platform.apiUrl, platform.adminToken);
  const customer_id = (await admin.post<Made>('/v1/customers', { name: 'c' })).id;
  const key = await admin.post<Made & { secret: string }>('/v1/keys', { customer_id, name: 'k' });
  secret = key.secret;
  const scope = { type: 'key', id: key.id };
  const prepaid = { scope, window: 'total', limit: '0' };
  budget = `/v1/budgets/${(await admin.post<Made>('/v1/budgets', prepaid)).id}`;
}, 90_000);
afterAll(async () => {
  await platform?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The status of one call. 0: the connection was lost. */
async function call(): Promise<number> {
  const client = new OpenAI({ apiKey: secret, baseURL: `${platform.proxyUrl}/v1`, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'hi' }];
  return client.chat.completions
    .create({ model: 'sim-small', messages, max_completion_tokens: 20 })
    .then(
      () => 200,
      (error: { status?: number }) => error.status ?? 0,
    );
}
const many = (count: number) => Promise.all(Array.from({ length: count }, call));
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
const current = async () => (await admin.get<Budget>(budget)).current;
const billed = () =>
  readBill(platform.bill).reduce((sum, { cost }) => sum + parseDecimal12(cost), 0n);

it('I3: credit that ends and raises bind both proxies, and what was spent is what was billed', async () => {
  await until('the budget binds', async () => (await call()) === 402);
  const none = billed();
  const expires_at = soon(4_000);
  const amount = '0.010000000000';
  await admin.post(`${budget}/top-ups`, { amount, expires_at });
  await sleep(1_000);
  // Bound within a second, by every proxy.
  expect(new Set(await many(8))).toEqual(new Set([200]));
  const calls = many(64);
  const [victim] = platform.proxyPids();
  if (victim !== undefined) process.kill(victim, 'SIGKILL');
  await calls;
  await sleep(Math.max(0, Date.parse(expires_at) - Date.now()));
  // One clock on this machine: no call that begins later spends of it.
  const before = billed();
  expect(new Set(await many(8)).has(200)).toBe(false);
  expect(billed()).toBe(before);
  await until('nothing is held', async () => parseDecimal12((await current()).held) === 0n);
  const ended = await current();
  const { spent, unused } = ended.parts.ended_credit;
  expect([ended.limit, ended.parts.credit]).toEqual([spent, []]);
  expect(formatDecimal12(parseDecimal12(spent) + parseDecimal12(unused))).toBe(amount);
  expect(parseDecimal12(spent) >= before - none).toBe(true);

  await until('the proxies run again', async () => (await call()) === 402);
  const raised = await admin.post<Made>(`${budget}/raises`, { amount, until: soon(60_000) });
  await sleep(1_000);
  expect(new Set(await many(8))).toEqual(new Set([200]));
  await admin.post(`${budget}/raises/${raised.id}/end`, {});
  await sleep(1_000);
  expect(await many(8)).toEqual(Array(8).fill(402));
  await until('nothing is held', async () => parseDecimal12((await current()).held) === 0n);
  const after = await current();
  // What was spent of the raise stays spent, beyond the limit as it is again.
  expect([after.limit, after.parts.raises]).toEqual([spent, []]);
  expect(parseDecimal12(after.spent) - parseDecimal12(spent)).toBe(billed() - before);

  await platform.stop();
  const stores = await openStores(join(folder, 'data'));
  try {
    expect((await runAudit(stores)).differences).toEqual([]);
  } finally {
    await stores.close();
  }
}, 120_000);

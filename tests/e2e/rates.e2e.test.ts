/** Rate limits over the real processes: two proxies, the supervisor's store, the official SDK. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import OpenAI, { RateLimitError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './platform-house.ts';

let folder: string;
let platform: Started;
let api: AdminClient;
let customerId: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-rates-'));
  platform = await startPlatform({ data: join(folder, 'data'), proxies: 2 });
  api = adminClient(platform.apiUrl, platform.adminToken);
  customerId = (await api.post<{ id: string }>('/v1/customers', { name: 'c' })).id;
}, 90_000);
afterAll(async () => {
  await platform?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function keyWith(limit: object): Promise<{ secret: string; limitId: string }> {
  const issued = { customer_id: customerId, name: 'k', environment: 'test' };
  const { id, secret } = await api.post<{ id: string; secret: string }>('/v1/keys', issued);
  const scope = { type: 'key', id };
  const made = await api.post<{ id: string }>('/v1/rate_limits', { scope, ...limit });
  // The proxies follow within a second.
  await sleep(1_000);
  return { secret, limitId: made.id };
}

/** Over a connection of its own, so that any proxy may get it. */
async function call(secret: string, metadata: Record<string, string> = {}): Promise<Response> {
  const answer = await fetch(`${platform.proxyUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
      connection: 'close',
    },
    body: JSON.stringify({
      ...{ model: 'sim-small', max_completion_tokens: 8, metadata },
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
  await answer.clone().arrayBuffer();
  return answer;
}
const statusesOf = async (calls: Promise<Response>[]) =>
  (await Promise.all(calls)).map(({ status }) => status).toSorted();
const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make);

/** Not in the last moments of a minute, so that what belongs together is in one. */
async function earlyInAMinute(): Promise<void> {
  const leftMs = 60_000 - (Date.now() % 60_000);
  if (leftMs < 15_000) await sleep(leftMs + 50);
}

describe('rate limits', () => {
  // litellm#27736, litellm#40291: the limit was counted in each replica.
  it('hold over all proxies, by the provider’s own record, and a change binds within a second', async () => {
    await earlyInAMinute();
    const billed = () => readFileSync(platform.bill, 'utf8').split('\n').length;
    const before = billed();
    const { secret, limitId } = await keyWith({ measure: 'requests', limit: 10 });
    expect(await statusesOf(times(30, () => call(secret)))).toEqual([
      ...Array(10).fill(200),
      ...Array(20).fill(429),
    ]);
    expect(billed() - before).toBe(10);
    await api.patch(`/v1/rate_limits/${limitId}`, { limit: 12 });
    await sleep(1_000);
    expect(await statusesOf(times(6, () => call(secret)))).toEqual([
      ...Array(2).fill(200),
      ...Array(4).fill(429),
    ]);
    await api.post(`/v1/rate_limits/${limitId}/archive`);
    await sleep(1_000);
    expect(await statusesOf(times(6, () => call(secret)))).toEqual(Array(6).fill(200));
  });

  // langwatch/tasks#772, headroom#3347: a limit was stored, and no call was held to it.
  it('of every scope and measure bind the calls of a key', async () => {
    await earlyInAMinute();
    type Owner = Record<'customer' | 'team' | 'key', string>;
    const limits: [(of: Owner) => { type: string }, string][] = [
      [({ key }) => ({ type: 'key', id: key }), 'input_tokens'],
      [({ key }) => ({ type: 'key', id: key }), 'output_tokens'],
      [({ key }) => ({ type: 'key', id: key }), 'total_tokens'],
      [({ key }) => ({ type: 'key_model', id: key, model: 'sim-*' }), 'requests'],
      [({ key }) => ({ type: 'end_user', of: 'key', id: key }), 'requests'],
      [({ team }) => ({ type: 'team', id: team }), 'requests'],
      [({ customer }) => ({ type: 'customer', id: customer }), 'requests'],
      [({ customer }) => ({ type: 'end_user', of: 'customer', id: customer }), 'requests'],
    ];
    const made = async (path: string, body: object) =>
      api.post<{ id: string; secret: string }>(path, body);
    const refusals = limits.map(async ([scopeOf, measure]) => {
      const { id: customer } = await made('/v1/customers', { name: 'c' });
      const { id: team } = await made('/v1/teams', { customer_id: customer, name: 't' });
      const { id: key, secret } = await made('/v1/keys', {
        ...{ customer_id: customer, team_id: team, name: 'k', environment: 'test' },
      });
      const scope = scopeOf({ customer, team, key });
      await made('/v1/rate_limits', { scope, measure, limit: 1 });
      await sleep(1_000);
      await call(secret);
      const refused = await call(secret);
      const { error } = (await refused.json()) as { error?: { scope: string; measure: string } };
      return [refused.status, error?.scope, error?.measure];
    });
    const none = { customer: '', team: '', key: '' };
    expect(await Promise.all(refusals)).toEqual(
      limits.map(([scopeOf, measure]) => [429, scopeOf(none).type, measure]),
    );
  });

  it('are stated in OpenAI’s headers, on answers and refusals', async () => {
    await earlyInAMinute();
    const { secret } = await keyWith({ measure: 'requests', limit: 1 });
    const [served, refused] = [await call(secret), await call(secret)];
    expect([served.status, refused.status]).toEqual([200, 429]);
    for (const { headers } of [served, refused]) {
      expect(headers.get('x-ratelimit-limit-requests')).toBe('1');
      expect(headers.get('x-ratelimit-remaining-requests')).toBe('0');
      expect(headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+(\.\d+)?s$/);
    }
    const waitMs = Number(refused.headers.get('retry-after-ms'));
    expect(Math.abs(waitMs - (60_000 - (Date.now() % 60_000)))).toBeLessThan(2_000);
  });

  it('the official SDK waits as long as it is told, and no longer', async () => {
    const { secret } = await keyWith({ measure: 'requests', per: 'second', limit: 2 });
    const sdk = (maxRetries: number) =>
      new OpenAI({ baseURL: `${platform.proxyUrl}/v1`, apiKey: secret, maxRetries });
    const request = {
      model: 'sim-small',
      messages: [{ role: 'user' as const, content: 'hi' }],
      max_completion_tokens: 8,
    };
    const create = (maxRetries: number) => sdk(maxRetries).chat.completions.create(request);
    // Six at once take three seconds; none fails.
    const startedMs = performance.now();
    await Promise.all(times(6, () => create(9)));
    expect(performance.now() - startedMs).toBeGreaterThan(1_000);
    const refused = await Promise.allSettled(times(9, () => create(0)));
    const reasons = refused.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons[0]).toBeInstanceOf(RateLimitError);
    expect(reasons[0]).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  });

  it('a call that can never fit is not tried again by the SDK', async () => {
    const { secret } = await keyWith({ measure: 'total_tokens', limit: 50 });
    const startedMs = performance.now();
    const sdk = new OpenAI({ baseURL: `${platform.proxyUrl}/v1`, apiKey: secret, maxRetries: 5 });
    await expect(
      sdk.chat.completions.create({
        model: 'sim-small',
        messages: [{ role: 'user', content: 'hi' }],
        max_completion_tokens: 100,
      }),
    ).rejects.toMatchObject({ status: 429 });
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  // litellm#20256, litellm PR#28160: slots of calls that were cut were never free again.
  it('slots of a proxy that is killed are free again at once, with calls all the while', async () => {
    const { secret } = await keyWith({ measure: 'concurrent_calls', limit: 4 });
    const slow = { sim_latency_ms: '60000' };
    const cut = times(8, () => call(secret, slow).catch(() => null));
    await until('all slots are taken', async () => (await call(secret)).status === 429);
    for (const pid of platform.proxyPids()) process.kill(pid, 'SIGKILL');
    await until('a slot is free', async () => {
      const answer = await call(secret).catch(() => null);
      return answer?.status === 200;
    });
    await Promise.all(cut);
  });
});

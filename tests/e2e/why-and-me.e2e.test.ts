/** Two customers on the real processes: each learns why, what is left and what it has used, of itself alone. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { budgetDetail } from '@tollgate/schemas/http/budget-detail.ts';
import { callWhy } from '@tollgate/schemas/http/call-why.ts';
import { me } from '@tollgate/schemas/http/me.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './platform-house.ts';

let folder: string;
let platform: Started;
let api: AdminClient;
let mine: Party;
let theirs: Party;

type Party = { customer: string; key: string; secret: string; budget: string };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-why-'));
  platform = await startPlatform({ data: join(folder, 'data'), proxies: 2 });
  api = adminClient(platform.apiUrl, platform.adminToken);
  mine = await party('mine', '0.01');
  theirs = await party('theirs', '5');
  const scope = { type: 'customer', id: mine.customer };
  await api.post('/v1/budgets', { scope, unit: 'tokens', limit: '1000000', window: 'day' });
  await api.post('/v1/rate_limits', {
    scope: { type: 'key', id: mine.key },
    measure: 'requests',
    limit: 50,
  });
  // The proxies follow within a second.
  await sleep(1_000);
}, 90_000);
afterAll(async () => {
  await platform?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function party(name: string, limit: string): Promise<Party> {
  const { id: customer } = await api.post<{ id: string }>('/v1/customers', {
    name: `${name}-c`,
  });
  const issued = { customer_id: customer, name: `${name}-k`, environment: 'test' };
  const { id: key, secret } = await api.post<{ id: string; secret: string }>('/v1/keys', issued);
  const scope = { type: 'key', id: key };
  const { id: budget } = await api.post<{ id: string }>('/v1/budgets', { scope, limit });
  return { customer, key, secret, budget };
}

const ask = (secret: string, path: string, body?: object) =>
  fetch(platform.proxyUrl + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
      // So that any proxy may get it.
      connection: 'close',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const call = async (secret: string, tokens: number) => {
  const answer = await ask(secret, '/v1/chat/completions', {
    ...{ model: 'sim-small', max_completion_tokens: tokens },
    messages: [{ role: 'user', content: 'why?' }],
  });
  const body = (await answer.json()) as { error?: Record<string, string> };
  return { status: answer.status, id: answer.headers.get('x-tollgate-call-id') ?? '', body };
};

async function why(id: string) {
  let found: unknown;
  await until('the call is in the warehouse', async () => {
    const headers = { authorization: `Bearer ${platform.adminToken}` };
    const answer = await fetch(`${platform.apiUrl}/v1/calls/${id}/why`, { headers });
    found = await answer.json();
    return answer.ok;
  });
  return callWhy.parse(found);
}

const detail = async () => budgetDetail.parse(await api.get(`/v1/budgets/${mine.budget}`));
const slicesReturned = () =>
  until('the slices went back', async () => (await detail()).current.held === '0.000000000000');

const billLines = () => readFileSync(platform.bill, 'utf8').split('\n').length;

describe('know why', () => {
  it('a refused call names its budget, who held it, and a limit that fits; an admitted one its price', async () => {
    const served = await call(mine.secret, 16);
    const refused = await call(mine.secret, 16_000 * 2);
    expect([served.status, refused.status]).toEqual([200, 402]);
    const { refusal, attempts } = await why(refused.id);
    expect(attempts).toEqual([]);
    const { limit, remedies } = refusal ?? { limit: null, remedies: [] };
    expect(limit).toMatchObject({
      ...{ type: 'budget', budget_id: mine.budget, scope: { type: 'key', id: mine.key } },
      ...{ unit: 'usd', window: 'month', limit: '0.010000000000' },
      ...{
        needed: refused.body.error?.['needed'],
        spent_or_reserved: refused.body.error?.['spent'],
      },
      resets_at: refused.body.error?.['resets_at'],
    });
    if (limit?.type !== 'budget') throw new Error('no budget');
    const held = limit.leases.reduce((sum, { amount }) => sum + parseDecimal12(amount), 0n);
    expect(held).toBe(parseDecimal12(limit.held));
    // It fits what the refusing proxy can spend: another one must not have an idle slice of it.
    await slicesReturned();
    const fits = Number(remedies.find(({ action }) => action === 'lower_output_limit')?.value);
    expect((await call(mine.secret, fits)).status).toBe(200);

    const admitted = await why(served.id);
    const [attempt] = admitted.attempts;
    const lines = attempt?.price?.lines ?? [];
    const exact = lines.reduce((sum, { cost }) => sum + BigInt(cost.replace('.', '')), 0n);
    expect([admitted.refusal, lines.length > 0]).toEqual([null, true]);
    expect((exact + 500_000n) / 1_000_000n).toBe(parseDecimal12(attempt?.cost ?? '0'));
    expect(attempt?.budgets.map(({ counted_as, charged }) => [counted_as, charged])).toContainEqual(
      ['usd', attempt?.cost],
    );
    expect(attempt?.budgets.map(({ counted_as }) => counted_as).sort()).toEqual(['tokens', 'usd']);
  });

  it('a budget says who holds it and how fast it is spent, and in the end that nobody does', async () => {
    await slicesReturned();
    const { current, leases, spending } = await detail();
    expect(leases).toEqual([]);
    expect(parseDecimal12(current.available ?? '')).toBe(
      parseDecimal12(current.limit) - parseDecimal12(current.spent ?? ''),
    );
    expect(spending.recent?.amount).toBe(current.spent);
    expect(spending.window?.amount).toBe(current.spent);
  });

  it('a budget that is told to clamp does so within a second, and the call says that it was', async () => {
    const clamps = { on_exceeded: 'clamp', clamp_min_output_tokens: 16 };
    expect(await api.patch(`/v1/budgets/${mine.budget}`, clamps)).toMatchObject(clamps);
    await sleep(1_000);
    const served = await call(mine.secret, 16_000 * 2);
    expect(served.status).toBe(200);
    const { refusal, attempts } = await why(served.id);
    expect([refusal, attempts]).toMatchObject([null, [{ output_clamped: true }]]);
    expect(attempts[0]?.output_limit).toBeLessThan(16_000 * 2);
    await api.patch(`/v1/budgets/${mine.budget}`, { on_exceeded: 'refuse' });
    await sleep(1_000);
    expect((await call(mine.secret, 16_000 * 2)).status).toBe(402);
  });
});

describe('GET /v1/me', () => {
  const told = async ({ secret }: Party) => {
    const answer = await ask(secret, '/v1/me');
    return { status: answer.status, text: await answer.text() };
  };

  it('I10: with a key alone, what is left and what it used, and nothing of the other customer', async () => {
    await call(theirs.secret, 8);
    await until('the usage is in the warehouse', async () => {
      const { usage } = me.parse(JSON.parse((await told(theirs)).text));
      return (usage?.[0]?.models.length ?? 0) > 0;
    });
    const [a, b] = [await told(mine), await told(theirs)];
    expect([a.status, b.status]).toEqual([200, 200]);
    const of = me.parse(JSON.parse(a.text));
    expect(of.budgets.map(({ scope, unit }) => [scope, unit])).toEqual([
      ['key', 'usd'],
      ['customer', 'tokens'],
    ]);
    expect(of.rate_limits).toMatchObject([{ scope: 'key', measure: 'requests', limit: 50 }]);
    expect(of.models).toContain('sim-small');
    const month = of.usage?.find(({ window }) => window === 'month');
    const spent = await api.get<{ current: { spent: string } }>(`/v1/budgets/${mine.budget}`);
    expect(month).toMatchObject({ cost: spent.current.spent, models: [{ model: 'sim-small' }] });
    for (const [text, other] of [
      [a.text, theirs],
      [b.text, mine],
    ] as const) {
      for (const secret of [other.customer, other.key, other.budget, other.secret]) {
        expect(text).not.toContain(secret);
      }
      expect(text).not.toMatch(/mine-|theirs-|cus_|bud_/);
    }
  });

  it('is served when the budget is used up, often, and is no call', async () => {
    await api.patch(`/v1/budgets/${mine.budget}`, { limit: '0.000000000001' });
    await until('the limit binds', async () => (await call(mine.secret, 8)).status === 402);
    const before = billLines();
    const many = () => Promise.all(Array.from({ length: 40 }, () => told(mine)));
    const isExhausted = ({ text }: { text: string }) => {
      const [ofKey] = me.parse(JSON.parse(text)).budgets;
      return ofKey?.scope === 'key' && ofKey.exhausted;
    };
    // A proxy keeps its answer for a second, and one of the two may have learned of the limit later.
    await until('both proxies say so', async () => (await many()).every(isExhausted));
    const answers = await many();
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers.every(isExhausted)).toBe(true);
    const { rate_limits } = me.parse(JSON.parse(answers[0]?.text ?? ''));
    expect(rate_limits[0]?.remaining).toBeGreaterThan(0);
    expect(billLines()).toBe(before);
    const { data } = await api.get<{ data: { endpoint: string }[] }>(
      `/v1/calls?key_id=${mine.key}&limit=100`,
    );
    expect(new Set(data.map(({ endpoint }) => endpoint))).toEqual(new Set(['chat.completions']));
  });
});

describe('a budget of the installation', () => {
  it('I10: refuses a customer without its amounts, which operators see', async () => {
    const scope = { type: 'installation', id: 'installation' };
    const amounts = { limit: '0.000000123456', window: 'day' };
    const { id } = await api.post<{ id: string }>('/v1/budgets', { scope, ...amounts });
    await sleep(1_000);
    const { status, body, id: callId } = await call(theirs.secret, 8);
    expect([status, body.error]).toMatchObject([
      402,
      {
        ...{ scope: 'installation', unit: 'usd', window: 'day', limit: null, spent: null },
        ...{ resets_at: expect.any(String), remedy: expect.anything() },
      },
    ]);
    expect(JSON.stringify(body)).not.toContain('123456');
    const { refusal } = await why(callId);
    const { limit } = amounts;
    expect(refusal?.limit).toMatchObject({ budget_id: id, limit, spent: '0.000000000000' });
    await api.post(`/v1/budgets/${id}/archive`);
  });
});

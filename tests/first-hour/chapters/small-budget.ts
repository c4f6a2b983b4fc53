/** $1 for gpt-4o at its real price, to the last call that it can pay. */
import assert from 'node:assert/strict';
import type OpenAI from 'openai';
import { type Hour, until } from '../hour.ts';
import { typed } from '../terminal.ts';
import { messages, refusalOf, type Scene } from './scene.ts';

const CALLS = 25;
const PAUSE_MS = 200;
/** More than $1 pays for at a cent each. */
const CALLS_MAX = 100;

type Budget = { current: { spent: string; held: string; limit: string } };

export async function smallBudget(hour: Hour, scene: Scene): Promise<void> {
  await twoProxies(hour, scene);
  const { installation, key, budgetId, token } = scene;
  const budget = async () =>
    (await installation.api(token).get<Budget>(`/v1/budgets/${budgetId}`)).current;
  const call = (more: object = {}) => ask(installation.sdk(key.secret), more);
  /** What the ledger has when no proxy has a part of the budget in hand. */
  const settled = () =>
    until('nothing is held', async () => {
      const { spent, held } = await budget();
      return Number(held) === 0 ? spent : undefined;
    });

  await hour.step('the provider answers 502 five times: passed on, nothing is spent', async () => {
    const before = await settled();
    const metadata = { sim_fault: 'status_502' };
    for (let i = 0; i < 5; i += 1) assert.equal((await refusalOf(call({ metadata }))).status, 502);
    assert.equal(await settled(), before);
    assert.equal((await call().withResponse()).response.status, 200);
    return `$${before} before and after`;
  });

  await hour.step(
    'the budget at its end: 402 says what was needed and what would fit',
    async () => {
      const metadata = { sim_output_tokens: '4000' };
      let said: { status: number; message: string } | undefined;
      for (let i = 0; i < CALLS_MAX && said === undefined; i += 1) {
        said = await call({ metadata }).then(
          () => undefined,
          (error) => refusalOf(Promise.reject(error)),
        );
      }
      assert.equal(said?.status, 402);
      const [, tokens = ''] = /An output limit of (\d+) tokens would fit/.exec(said.message) ?? [];
      assert.notEqual(tokens, '', said.message);
      const fitting = await call({ max_tokens: Number(tokens) }).withResponse();
      assert.equal(fitting.response.status, 200);
      const { spent, limit } = await budget();
      assert.ok(Number(spent) <= Number(limit), `${spent} of ${limit}`);
      return said.message;
    },
  );

  await hour.step('a raised limit: the key works again within a second', async () => {
    const changed = await fetch(`${installation.apiUrl}/v1/budgets/${budgetId}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ limit: '2' }),
    });
    assert.equal(changed.status, 200);
    await until(
      'a call is served',
      () =>
        call().then(
          () => true,
          () => undefined,
        ),
      1_500,
    );
  });
}

async function twoProxies(hour: Hour, { installation, key, token }: Scene): Promise<void> {
  const api = installation.api(token);
  const sql = (id: string) =>
    `SELECT count(), count(DISTINCT source), sum(cost) FROM usage_events WHERE key_id = '${id}'`;
  const served = (id: string, callsMin: number) =>
    until(`both proxies have served ${callsMin} calls`, async () => {
      const { rows } = await api.post<{ rows: string[][] }>('/v1/sql', { sql: sql(id) });
      const [calls, proxies, cost] = rows[0] ?? [];
      return Number(calls) >= callsMin && proxies === '2' ? `${calls} calls, $${cost}` : undefined;
    });

  await hour.step(`${CALLS} calls through two proxies: none is refused`, async () => {
    assert.deepEqual(await inTurn(installation, key.secret, {}), Array(CALLS).fill('200'));
    return served(key.id, CALLS);
  });

  await hour.step(`${CALLS} more, where the budget has room for one at a time`, async () => {
    const given = { customer_id: 'me', name: 'small' };
    const small = await api.post<Scene['key']>('/v1/keys', given);
    // A call without a limit reserves 4,096 tokens, which are $0.041, and costs a hundredth of it.
    await api.post('/v1/budgets', { scope: { type: 'key', id: small.id }, limit: '0.06' });
    const more = { metadata: { sim_output_tokens: '20' } };
    assert.deepEqual(await inTurn(installation, small.secret, more), Array(CALLS).fill('200'));
    return served(small.id, CALLS);
  });
}

/**
 * Each on a connection of its own, which the kernel gives to either proxy.
 *
 * @returns the status of each, or its body
 */
async function inTurn(
  { proxyUrl }: Scene['installation'],
  secret: string,
  more: object,
): Promise<string[]> {
  const statuses: string[] = [];
  for (let i = 0; i < CALLS; i += 1) {
    const { output } = await typed([
      ...['curl', '--silent', '--write-out', '\n%{http_code}', `${proxyUrl}/v1/chat/completions`],
      ...['-H', `authorization: Bearer ${secret}`, '-H', 'content-type: application/json'],
      ...['-d', JSON.stringify({ model: 'gpt-4o', messages, ...more })],
    ]);
    const status = output.slice(-3);
    statuses.push(status === '200' ? status : output);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return statuses;
}

function ask(client: OpenAI, more: object) {
  return client.chat.completions.create({ model: 'gpt-4o', messages, ...more, stream: false });
}

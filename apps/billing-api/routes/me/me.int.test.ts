/** What a key has used, told to its bearer: of two customers, each sees its own key alone. */
import { attempt } from '@tollgate/projector/testing/projector-house.ts';
import { ownUsage } from '@tollgate/schemas/http/me.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

const NOON_MS = Date.UTC(2026, 10, 20, 12);
const DAY_MS = 86_400_000;

type Key = { id: string; secret: string; customer_id: string };
let house: ApiHouse;
let keys: { mine: Key; sibling: Key; theirs: Key };
beforeAll(async () => {
  house = await openApiHouse({ clock: () => NOON_MS + 1_000 });
  const create = async <T>(path: string, body: object) => (await house.post<T>(path, body)).json;
  const customers = await Promise.all(
    ['a', 'b'].map((name) => create<{ id: string }>('/v1/customers', { name })),
  );
  const [a, b] = customers.map(({ id }) => id);
  const key = (customer_id: string | undefined) =>
    create<Key>('/v1/keys', { customer_id, name: 'k' });
  keys = { mine: await key(a), sibling: await key(a), theirs: await key(b) };
  const scope = { type: 'key', id: keys.mine.id };
  await create('/v1/budgets', { scope, limit: '5', window: 'hour' });
  const of = ({ id, customer_id }: Key, more: object, timeMs = NOON_MS) =>
    attempt({ key_id: id, customer_id, cost: '1.000000000000', ...more }, timeMs);
  await house.stores.append([
    of(keys.mine, { model_served: 'm-1', cache_read_tokens: 7, reasoning_tokens: 3 }),
    of(keys.mine, { model_served: 'm-2' }, NOON_MS - 3 * 3_600_000),
    of(keys.mine, { model_served: 'm-2', cost: null, usage_source: 'none' }, NOON_MS - 2 * DAY_MS),
    of(keys.sibling, { model_served: 'm-sibling' }),
    of(keys.theirs, { model_served: 'm-theirs' }),
  ]);
  const projector = await house.stores.start('p1');
  await projector.caughtUp();
  await projector.stop();
});
afterAll(() => house.close());

const ask = (authorization?: string) =>
  house.api.app.inject({
    ...{ method: 'GET', url: '/v1/me' },
    headers: authorization === undefined ? {} : { authorization },
  });

describe('GET /v1/me of the billing API', () => {
  it('sums up the key by model in the windows of today, of the month and of its budgets', async () => {
    const answer = await ask(`Bearer ${keys.mine.secret}`);
    const { key_id, usage } = ownUsage.parse(answer.json());
    const byWindow = Object.fromEntries(
      usage.map(({ window, cost, models }) => [window, [cost, models.map(({ model }) => model)]]),
    );
    expect([key_id, byWindow]).toEqual([
      keys.mine.id,
      {
        hour: ['1.000000000000', ['m-1']],
        day: ['2.000000000000', ['m-1', 'm-2']],
        month: ['2.000000000000', ['m-1', 'm-2']],
      },
    ]);
    const month = usage.find(({ window }) => window === 'month');
    expect(month?.models).toMatchObject([
      { input_tokens: 17, output_tokens: 8, requests: 1, unpriced_events: 0 },
      { cost: '1.000000000000', requests: 2, unpriced_events: 1 },
    ]);
  });

  it('I10: says nothing of another key, of the same customer or of another', async () => {
    const { body } = await ask(`Bearer ${keys.mine.secret}`);
    const others = [
      keys.sibling.id,
      keys.theirs.id,
      keys.theirs.customer_id,
      'm-sibling',
      'm-theirs',
    ];
    for (const other of others) expect(body).not.toContain(other);
    const theirs = (await ask(`Bearer ${keys.theirs.secret}`)).body;
    expect(theirs).toContain('m-theirs');
    expect(theirs).not.toMatch(/m-1|m-2|m-sibling/);
  });

  it('is for virtual keys that open something, and for no admin token', async () => {
    const codes = async (authorization?: string) => {
      const answer = await ask(authorization);
      return [answer.statusCode, answer.json<{ code: string }>().code];
    };
    expect(await codes()).toEqual([401, 'missing_key']);
    const admin = (await house.get<{ data: unknown }>('/v1/keys')).status;
    expect(admin).toBe(200);
    expect(await codes('Bearer tgadm_nothing')).toEqual([401, 'invalid_key']);
    const spare = (
      await house.post<Key>('/v1/keys', { customer_id: keys.mine.customer_id, name: 'spare' })
    ).json;
    expect((await ask(`Bearer ${spare.secret}`)).statusCode).toBe(200);
    await house.post(`/v1/keys/${spare.id}/suspend`, {});
    expect(await codes(`Bearer ${spare.secret}`)).toEqual([401, 'invalid_key']);
    // A virtual key opens nothing else here.
    const answer = await house.api.app.inject({
      ...{ method: 'GET', url: '/v1/keys' },
      headers: { authorization: `Bearer ${keys.mine.secret}` },
    });
    expect(answer.statusCode).toBe(401);
  });
});

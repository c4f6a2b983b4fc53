/** POST /v1/cache/purges over the real embedded stores. */
import { cacheStreams } from '@tollgate/domain/cache/cache-events.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

let house: ApiHouse;
let customerId: string;
beforeAll(async () => {
  house = await openApiHouse();
  const { json } = await house.post<{ id: string }>('/v1/customers', {
    ...{ name: 'c', external_id: 'mine' },
  });
  customerId = json.id;
});
afterAll(() => house?.close());

async function purged(): Promise<unknown[]> {
  const events = await house.stores.ledger.read(cacheStreams.of('answers'));
  return events.map(({ data }) => {
    const { purge_id: _, ...scope } = data as Record<string, unknown>;
    return scope;
  });
}

describe('/v1/cache/purges', () => {
  it('puts what must not be served any more into the ledger, for every proxy', async () => {
    const { status, json } = await house.post('/v1/cache/purges', { customer_id: 'mine' });
    expect([status, json]).toMatchObject([
      201,
      { object: 'cache_purge', id: expect.stringMatching(/^pur_/), customer_id: customerId },
    ]);
    await house.post(`/v1/customers/${customerId}/archive`, '');
    await house.post('/v1/cache/purges', { customer_id: customerId, model: 'fast' });
    await house.post('/v1/cache/purges', { model: 'fast' });
    await house.post('/v1/cache/purges', { everything: true });
    expect(await purged()).toEqual([
      { customer_id: customerId, model: null },
      { customer_id: customerId, model: 'fast' },
      { customer_id: null, model: 'fast' },
      { customer_id: null, model: null },
    ]);
  });

  it.each([
    ['nothing', {}, 400],
    ['everything of somebody', { everything: true, customer_id: 'mine' }, 400],
    ['a customer that nobody knows', { customer_id: 'nobody' }, 404],
    ['another field', { key_id: 'key_1' }, 400],
  ])('refuses to purge %s', async (_, body, status) => {
    const before = (await purged()).length;
    expect((await house.post('/v1/cache/purges', body)).status).toBe(status);
    expect(await purged()).toHaveLength(before);
  });
});

/** /v1/exchange_rates, and what customers in other currencies are told, over the real embedded stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

type Made = { id: string; currency: string };
type Problem = { code: string; errors: { path: string; message: string }[] };

let house: ApiHouse;
beforeAll(async () => {
  house = await openApiHouse();
});
afterAll(() => house?.close());

const table = {
  source: 'finance',
  as_of: '2026-11-30',
  rates: [
    { currency: 'EUR', rate: '0.9187' },
    { currency: 'JPY', rate: '149.32' },
  ],
};

describe('/v1/exchange_rates', () => {
  it('publishes a table once, however often the request comes, and lists it with its dates', async () => {
    const key = { 'idempotency-key': 'rates-1' };
    const [first, again] = [
      await house.post<Made>('/v1/exchange_rates', table, key),
      await house.post<Made>('/v1/exchange_rates', table, key),
    ];
    expect([first.status, again.json]).toEqual([201, first.json]);
    const { json } = await house.get<{ data: Made[] }>('/v1/exchange_rates');
    expect(json.data).toMatchObject([
      {
        ...{ ...table, object: 'exchange_rates', id: first.json.id, base: 'USD' },
        ...{ origin: 'published', as_of: '2026-11-30T00:00:00.000Z' },
        valid_until: '2026-12-07T00:00:00.000Z',
      },
    ]);
  });

  it.each([
    ['no rate of USD', { base: 'EUR', rates: [{ currency: 'JPY', rate: '160' }] }],
    ['not an ISO 4217 currency', { rates: [{ currency: 'DEM', rate: '1.9' }] }],
    ['is the base', { rates: [{ currency: 'USD', rate: '1' }] }],
    ['before `as_of`', { valid_until: '2026-11-29' }],
    ['there twice', { rates: [table.rates[0], table.rates[0]] }],
    ['Invalid string', { rates: [{ currency: 'EUR', rate: '0.000' }] }],
    ['Invalid string', { rates: [{ currency: 'EUR', rate: '-1' }] }],
    ['Invalid string', { rates: [{ currency: 'EUR', rate: '9e-1' }] }],
    ['expected string', { rates: [{ currency: 'EUR', rate: 0.9187 }] }],
  ])('refuses what no bill could be made with: %s', async (message, change) => {
    const { status, json } = await house.post<Problem>('/v1/exchange_rates', {
      ...table,
      ...change,
    });
    expect([status, json.code]).toEqual([400, 'invalid_request']);
    expect(json.errors.map((error) => error.message).join()).toContain(message);
  });
});

describe('a customer', () => {
  it('may be billed in currencies of 0, 2 and 3 places, and in no other', async () => {
    const made: [string, number][] = [];
    for (const currency of ['JPY', 'EUR', 'KWD', 'CLF', 'XAU']) {
      const { status } = await house.post('/v1/customers', { name: currency, currency });
      made.push([currency, status]);
    }
    expect(made).toEqual([
      ['JPY', 201],
      ['EUR', 201],
      ['KWD', 201],
      ['CLF', 422],
      ['XAU', 422],
    ]);
  });

  it('who changes the currency keeps that of the open period', async () => {
    const { json } = await house.post<Made>('/v1/customers', { name: 'c', currency: 'EUR' });
    const url = `/v1/customers/${json.id}`;
    expect((await house.patch<Problem>(url, { currency: 'XAU' })).json.code).toBe(
      'currency_not_supported',
    );
    expect((await house.patch<Made>(url, { currency: 'JPY' })).json.currency).toBe('JPY');
    const periods = await house.get<{ data: Made[] }>(`/v1/periods?customer_id=${json.id}`);
    expect(periods.json.data.map(({ currency }) => currency)).toEqual(['EUR']);
  });
});

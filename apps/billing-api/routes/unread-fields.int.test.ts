/** What the API accepts it enforces: a field that nobody reads is refused, never ignored. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../testing/api-house.ts';

type Answer = { id: string; code?: string; errors?: { message: string }[] };

let house: ApiHouse;
let bodies: Record<string, object>;
beforeAll(async () => {
  house = await openApiHouse();
  const made = async (url: string, body: object) => (await house.post<Answer>(url, body)).json.id;
  const customer_id = await made('/v1/customers', { name: 'c' });
  const id = await made('/v1/keys', { customer_id, name: 'k' });
  const scope = { type: 'key', id };
  bodies = {
    '/v1/customers': { name: 'c' },
    '/v1/teams': { customer_id, name: 't' },
    '/v1/keys': { customer_id, name: 'k' },
    '/v1/budgets': { scope, limit: '5' },
    '/v1/rate_limits': { scope, measure: 'requests', limit: 5 },
  };
});
afterAll(() => house?.close());

// bifrost#5673: `budget` was accepted and ignored (it had to be `budgets`), and nothing was limited.
it.each([
  ['/v1/customers', 'budget'],
  ['/v1/teams', 'max_budget'],
  ['/v1/keys', 'budget'],
  ['/v1/keys', 'rpm_limit'],
  ['/v1/budgets', 'budget_duration'],
  ['/v1/budgets', 'Limit'],
  ['/v1/rate_limits', 'limits'],
])('POST %s with %s is refused, and the answer names the field', async (url, field) => {
  expect((await house.post(url, bodies[url])).status).toBe(201);
  const { status, json } = await house.post<Answer>(url, { ...bodies[url], [field]: 5 });
  expect([status, json.code]).toEqual([400, 'invalid_request']);
  expect(JSON.stringify(json.errors)).toContain(field);
});

/** /v1/rate_limits over the real embedded stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

type Made = { id: string };
type Listed = { data: (Made & { measure: string })[]; has_more: boolean };
type Problem = { code: string };

let house: ApiHouse;
let customerId: string;
let teamId: string;
let keyId: string;

beforeAll(async () => {
  house = await openApiHouse();
  const made = async (url: string, body: object) => (await house.post<Made>(url, body)).json.id;
  customerId = await made('/v1/customers', { name: 'c', external_id: 'mine' });
  teamId = await made('/v1/teams', { customer_id: customerId, name: 't' });
  keyId = await made('/v1/keys', { customer_id: customerId, team_id: teamId, name: 'k' });
});
afterAll(() => house?.close());

const define = <T = Made>(body: object) => house.post<T>('/v1/rate_limits', body);
const ofKey = () => ({ type: 'key', id: keyId });

describe('/v1/rate_limits', () => {
  it('defines a limit of every scope and measure, with what is usual where nothing is said', async () => {
    const { status, json } = await define({ scope: ofKey(), measure: 'requests', limit: 100 });
    expect([status, json]).toMatchObject([
      201,
      {
        ...{ object: 'rate_limit', scope: ofKey(), measure: 'requests', per: 'minute' },
        ...{ limit: 100, smoothing: false, when_store_is_away: 'closed', archived: false },
      },
    ]);
    const others = [
      { scope: { type: 'team', id: teamId }, measure: 'input_tokens', per: 'second', limit: 1 },
      { scope: { type: 'end_user', of: 'key', id: keyId }, measure: 'output_tokens', limit: 1 },
      { scope: { type: 'key_model', id: keyId, model: 'gpt-*' }, measure: 'requests', limit: 1 },
      { scope: { type: 'end_user', of: 'customer', id: 'mine' }, measure: 'requests', limit: 1 },
      {
        scope: { type: 'customer', id: 'mine' },
        measure: 'total_tokens',
        limit: 9,
        smoothing: true,
      },
    ];
    for (const one of others) expect((await define(one)).status).toBe(201);
    const calls = { scope: ofKey(), measure: 'concurrent_calls', limit: 4 };
    expect((await define(calls)).json).toMatchObject({ per: null });
    const list = await house.get<Listed>(`/v1/rate_limits?scope_id=${customerId}`);
    expect(list.json.data.map(({ measure }) => measure)).toEqual(['total_tokens', 'requests']);
    const ofModel = await house.get<Listed>('/v1/rate_limits?scope_type=key_model&limit=1');
    expect(ofModel.json).toMatchObject({ data: [{ scope: { model: 'gpt-*' } }], has_more: false });
  });

  // bifrost#5673: a field that nobody read was taken for a limit.
  it('refuses what it would not enforce', async () => {
    const limit = { scope: ofKey(), measure: 'requests', limit: 1 };
    const wrong = [
      { ...limit, per: 'hour' },
      { ...limit, limit: 0 },
      { ...limit, limit: 1.5 },
      { ...limit, window: 'minute' },
      { ...limit, measure: 'usd' },
      { ...limit, per: 'second', smoothing: true },
      { ...limit, measure: 'concurrent_calls', per: 'minute' },
      { ...limit, measure: 'concurrent_calls', smoothing: true },
      { ...limit, scope: { type: 'key_model', id: keyId, model: '*a*b*c*d*' } },
    ];
    for (const one of wrong) expect((await define(one)).status).toBe(400);
    const missing = await Promise.all(
      ['key', 'team', 'customer'].map((type) =>
        define<Problem>({ ...limit, scope: { type, id: 'nobody' } }),
      ),
    );
    expect(missing.map(({ status, json }) => [status, json.code])).toEqual([
      [404, 'key_not_found'],
      [404, 'team_not_found'],
      [404, 'customer_not_found'],
    ]);
  });

  it('changes what is said, and nothing else', async () => {
    const { json } = await define({ scope: ofKey(), measure: 'requests', limit: 100 });
    const url = `/v1/rate_limits/${json.id}`;
    const changed = await house.patch(url, { limit: 7, when_store_is_away: 'open' });
    expect(changed.json).toMatchObject({
      ...{ limit: 7, smoothing: false, when_store_is_away: 'open', per: 'minute' },
    });
    expect((await house.get(url)).json).toEqual(changed.json);
    expect((await house.patch(url, {})).status).toBe(400);
  });

  it('lists those of a customer, its teams, keys and end users, live or archived, page by page', async () => {
    const made = async (url: string, body: object) => (await house.post<Made>(url, body)).json.id;
    const customer_id = await made('/v1/customers', { name: 'other', external_id: 'other' });
    const team = await made('/v1/teams', { customer_id, name: 't' });
    const key = await made('/v1/keys', { customer_id, team_id: team, name: 'k' });
    const ids: string[] = [];
    for (const scope of [
      { type: 'customer', id: customer_id },
      { type: 'team', id: team },
      { type: 'key_model', id: key, model: '*' },
      { type: 'end_user', of: 'customer', id: customer_id },
      { type: 'end_user', of: 'key', id: key },
    ]) {
      ids.unshift((await define({ scope, measure: 'requests', limit: 1 })).json.id);
    }
    await house.post(`/v1/rate_limits/${ids[0]}/archive`, '');
    const listed = async (query: string) => {
      const { json } = await house.get<Listed>(`/v1/rate_limits?customer_id=other${query}`);
      return [json.data.map(({ id }) => id), json.has_more];
    };
    expect(await listed('')).toEqual([ids, false]);
    expect(await listed('&status=archived')).toEqual([ids.slice(0, 1), false]);
    expect(await listed('&status=active&limit=2')).toEqual([ids.slice(1, 3), true]);
    expect(await listed(`&status=active&starting_after=${ids[2]}`)).toEqual([ids.slice(3), false]);
    expect(await listed('&scope_type=team')).toEqual([ids.slice(3, 4), false]);
  });

  it('archives for good', async () => {
    const { json } = await define({ scope: ofKey(), measure: 'requests', per: 'second', limit: 1 });
    const url = `/v1/rate_limits/${json.id}`;
    const smoothed = await house.patch<Problem>(url, { smoothing: true });
    expect([smoothed.status, smoothed.json.code]).toEqual([409, 'rate_limit_not_smoothable']);
    expect((await house.post(`${url}/archive`, '')).json).toMatchObject({ archived: true });
    const again = await house.patch<Problem>(url, { limit: 1 });
    expect([again.status, again.json.code]).toEqual([409, 'rate_limit_archived']);
    expect((await house.get<Problem>('/v1/rate_limits/none')).json.code).toBe(
      'rate_limit_not_found',
    );
  });
});

/** Customers, teams and keys after they were made: changed, paused, put away, and found in lists. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

type Thing = { id: string; code: string; status: string; data: Thing[]; has_more: boolean };

let house: ApiHouse;
beforeAll(async () => {
  house = await openApiHouse();
});
afterAll(() => house.close());

/** As it is shown afterwards. */
async function made(path: string, body: object): Promise<Thing> {
  const { status, json } = await house.post<Thing>(path, body);
  if (status !== 201) throw new Error(JSON.stringify(json));
  return (await house.get<Thing>(`${path}/${json.id}`)).json;
}
const newCustomer = (fields: object = {}) => made('/v1/customers', { name: 'c', ...fields });
const newKey = (customer_id: string, fields: object = {}) =>
  made('/v1/keys', { customer_id, name: 'k', ...fields });
const codes = async (...asked: Promise<{ status: number; json: Thing }>[]) =>
  (await Promise.all(asked)).map(({ status, json }) => [status, json.code]);
const found = async (url: string) => {
  const { json } = await house.get<Thing>(url);
  return json.data.map(({ id }) => id);
};

describe('a customer', () => {
  it('changes in what a PATCH names, by our id or by the operator’s own', async () => {
    const customer = await newCustomer({ external_id: 'patched', markup_ppm: 5 });
    const renamed = await house.patch(`/v1/customers/${customer.id}`, { name: 'C' });
    expect(renamed).toEqual({ status: 200, json: { ...customer, name: 'C' } });
    const { json } = await house.patch('/v1/customers/patched', { markup_ppm: 0 });
    expect(json).toEqual({ ...customer, name: 'C', markup_ppm: 0 });
    expect((await house.get(`/v1/customers/patched`)).json).toEqual(json);
  });

  it('is archived once, keeps its history and its periods, and takes nothing new', async () => {
    const customer = await newCustomer();
    const key = await newKey(customer.id);
    const path = `/v1/customers/${customer.id}`;
    const { json } = await house.post(`${path}/archive`, {});
    expect(json).toEqual({ ...customer, archived: true, status: 'archived' });
    expect((await house.get(`/v1/keys/${key.id}`)).status).toBe(200);
    const [period] = (await house.get<Thing>(`/v1/periods?customer_id=${customer.id}`)).json.data;
    const close = { at: new Date().toISOString(), grace_seconds: 0 };
    const closed = await house.post<Thing>(`/v1/periods/${period?.id}/close`, close);
    expect([closed.status, closed.json.status]).toEqual([200, 'closed']);
    const invoices = await found(`/v1/invoices?customer_id=${customer.id}`);
    expect(invoices).toHaveLength(1);
    expect(
      await codes(
        house.post(`${path}/archive`, {}),
        house.patch(path, { name: 'x' }),
        house.post('/v1/keys', { customer_id: customer.id, name: 'k' }),
        house.post('/v1/teams', { customer_id: customer.id, name: 't' }),
      ),
    ).toEqual(Array(4).fill([409, 'customer_archived']));
  });

  it('is found by its external id and its status', async () => {
    const [one, two] = [await newCustomer({ external_id: 'one' }), await newCustomer()];
    await house.post(`/v1/customers/${two.id}/archive`, {});
    expect(await found('/v1/customers?external_id=one')).toEqual([one.id]);
    expect(await found('/v1/customers?external_id=none')).toEqual([]);
    const archived = await found('/v1/customers?status=archived');
    const active = await found('/v1/customers?status=active');
    expect([archived.includes(two.id), active.includes(two.id)]).toEqual([true, false]);
    expect(active).toContain(one.id);
  });
});

describe('a team', () => {
  it('can be retrieved, renamed and archived, and then takes no keys', async () => {
    const customer = await newCustomer();
    const team = await made('/v1/teams', { customer_id: customer.id, name: 't', external_id: 'x' });
    const path = `/v1/teams/${team.id}`;
    expect((await house.get(path)).json).toEqual(team);
    expect((await house.patch(path, { name: 'T' })).json).toEqual({ ...team, name: 'T' });
    const { json } = await house.post(`${path}/archive`, {});
    const archived = { ...team, name: 'T', archived: true, status: 'archived' };
    expect([json, (await house.get(path)).json]).toEqual([archived, archived]);
    expect(
      await codes(
        house.post(`${path}/archive`, {}),
        house.patch(path, { name: 'x' }),
        house.post('/v1/keys', { customer_id: customer.id, team_id: team.id, name: 'k' }),
        house.get('/v1/teams/team_none'),
        house.patch('/v1/teams/team_none', { name: 'x' }),
      ),
    ).toEqual([
      ...Array(3).fill([409, 'team_archived']),
      ...Array(2).fill([404, 'team_not_found']),
    ]);
    const of = `/v1/teams?customer_id=${customer.id}`;
    expect(await found(`${of}&external_id=x&status=archived`)).toEqual([team.id]);
    expect(await found(`${of}&status=active`)).toEqual([]);
    expect(await found(`${of}&external_id=y`)).toEqual([]);
  });
});

describe('a key', () => {
  it('changes in what a PATCH names, and shows no secret', async () => {
    const key = await newKey((await newCustomer()).id, { tags: { a: '1', b: '2' } });
    const path = `/v1/keys/${key.id}`;
    const change = { name: 'K', tags: { c: '3' }, on_disconnect: 'abort' };
    const changed = await house.patch(path, change);
    expect(changed).toEqual({ status: 200, json: { ...key, ...change, secret: null } });
    const past = await house.patch<Thing>(path, { expires_at: '2026-01-01T01:00:00+01:00' });
    expect(past.json).toMatchObject({
      ...change,
      ...{ expires_at: '2026-01-01T00:00:00.000Z', status: 'expired' },
    });
    const forever = await house.patch<Thing>(path, { expires_at: null });
    expect(forever.json).toMatchObject({ ...change, expires_at: null, status: 'active' });
    expect((await house.get(path)).json).toEqual(forever.json);
  });

  it('says which fields a PATCH may name', async () => {
    const key = await newKey((await newCustomer()).id);
    const answers = await Promise.all(
      [{}, { environment: 'test' }, { name: '' }, { expires_at: '2026-02-30' }].map((body) =>
        house.patch<Thing>(`/v1/keys/${key.id}`, body),
      ),
    );
    expect(answers.map(({ status, json }) => [status, json.code])).toEqual(
      Array(4).fill([400, 'invalid_request']),
    );
    expect(JSON.stringify(answers[0]?.json)).toContain('at least one of name, tags');
  });

  it('is suspended and resumed as often as asked, once under one Idempotency-Key', async () => {
    const key = await newKey((await newCustomer()).id);
    const path = `/v1/keys/${key.id}`;
    const once = { 'idempotency-key': `suspend-${key.id}` };
    const does = async (verb: string, headers = {}) =>
      (await house.post<Thing>(`${path}/${verb}`, {}, headers)).json.status;
    const statuses = [
      await does('suspend', once),
      await does('suspend'),
      await does('resume'),
      await does('resume'),
      await does('suspend', once),
    ];
    expect(statuses).toEqual(['suspended', 'suspended', 'active', 'active', 'suspended']);
    expect((await house.get<Thing>(path)).json.status).toBe('active');
  });

  it('is archived once, and then nothing more happens to it', async () => {
    const key = await newKey((await newCustomer()).id);
    const path = `/v1/keys/${key.id}`;
    const { json } = await house.post<Thing>(`${path}/archive`, {});
    expect(json.status).toBe('archived');
    const verbs = ['archive', 'suspend', 'resume', 'rotate'];
    expect(
      await codes(
        ...verbs.map((verb) => house.post<Thing>(`${path}/${verb}`, {})),
        house.patch<Thing>(path, { name: 'x' }),
      ),
    ).toEqual(Array(5).fill([409, 'key_archived']));
    expect((await house.post<Thing>(`${path}/revoke`, {})).json.status).toBe('archived');
    expect(await codes(house.post(`/v1/keys/key_none/suspend`, {}))).toEqual([
      [404, 'key_not_found'],
    ]);
  });

  it('is found by customer, team, environment and status', async () => {
    const customer = await newCustomer({ external_id: 'finder' });
    const team = await made('/v1/teams', { customer_id: customer.id, name: 't' });
    const [plain, ofTeam, ofTest] = [
      await newKey(customer.id),
      await newKey(customer.id, { team_id: team.id }),
      await newKey(customer.id, { environment: 'test' }),
    ];
    await house.post(`/v1/keys/${plain.id}/suspend`, {});
    await house.patch(`/v1/keys/${ofTest.id}`, { expires_at: '2026-01-01T00:00:00Z' });
    const of = (query: string) => found(`/v1/keys?customer_id=finder&${query}`);
    expect(await of('')).toEqual([ofTest.id, ofTeam.id, plain.id]);
    expect(await of(`team_id=${team.id}`)).toEqual([ofTeam.id]);
    expect(await of('environment=test')).toEqual([ofTest.id]);
    expect(await of('status=suspended')).toEqual([plain.id]);
    expect(await of('status=active')).toEqual([ofTeam.id]);
    expect(await of('status=expired')).toEqual([ofTest.id]);
    expect((await house.get('/v1/keys?status=gone')).status).toBe(400);
  });

  it('is not missed where the list changes between two pages of it', async () => {
    const customer = await newCustomer();
    const keys = [];
    for (let n = 0; n < 4; n++) keys.unshift((await newKey(customer.id)).id);
    const list = `/v1/keys?customer_id=${customer.id}&status=active&limit=2`;
    const first = await house.get<Thing>(list);
    for (const { id } of first.json.data) await house.post(`/v1/keys/${id}/suspend`, {});
    const second = await house.get<Thing>(`${list}&starting_after=${first.json.data[1]?.id}`);
    const pages = [first, second].map(({ json }) => [json.data.map(({ id }) => id), json.has_more]);
    expect(pages).toEqual([
      [keys.slice(0, 2), true],
      [keys.slice(2), false],
    ]);
  });
});

describe('budgets', () => {
  it('are found by customer, team, key and status', async () => {
    const customer = await newCustomer({ external_id: 'with-budgets' });
    const [key, other] = [await newKey(customer.id), await newKey((await newCustomer()).id)];
    const budgets: Thing[] = [];
    for (const id of [key.id, key.id, other.id]) {
      budgets.push(await made('/v1/budgets', { scope: { type: 'key', id }, limit: '1' }));
    }
    const [first, second, third] = budgets.map(({ id }) => id);
    await house.post(`/v1/budgets/${first}/archive`, {});
    const of = (query: string) => found(`/v1/budgets?${query}`);
    expect(await of('customer_id=with-budgets')).toEqual([second, first]);
    expect(await of(`key_id=${other.id}`)).toEqual([third]);
    expect(await of(`key_id=${key.id}&status=active`)).toEqual([second]);
    expect(await of('status=archived')).toEqual([first]);
    expect(await of('team_id=team_none')).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

type Webhook = { id: string; url: string; secret: string | null; event_types: string[] | null };
type Problem = { code: string; errors?: { path: string; message: string }[] };
type Listed<T> = { data: T[]; has_more: boolean };

let house: ApiHouse;
beforeAll(async () => {
  house = await openApiHouse();
});
afterAll(() => house.close());

const PUBLIC = 'https://hooks.example.com/tollgate';
const create = <T = Webhook>(body: object, headers = {}) =>
  house.post<T>('/v1/webhooks', body, headers);

describe('/v1/webhooks', () => {
  it('I12: shows a secret once, stores it sealed, and lists without it', async () => {
    const { status, json } = await create({ url: PUBLIC, description: 'on call' });
    expect([status, json.secret]).toEqual([201, expect.stringMatching(/^whsec_[\w+/]{43}=$/)]);
    expect(json).toMatchObject({ url: PUBLIC, event_types: null, status: 'active' });
    const got = await house.get<Webhook>(`/v1/webhooks/${json.id}`);
    expect(got.json).toEqual({ ...json, secret: null });
    const list = await house.get<Listed<Webhook>>('/v1/webhooks?status=active');
    expect(list.json.data).toContainEqual(got.json);
    const stored = await house.stores.ledger.read(`webhook-${json.id}`);
    const text = JSON.stringify(stored, (_key, value) => (typeof value === 'bigint' ? 0 : value));
    expect(text).not.toContain(String(json.secret).slice(6, 40));
  });

  it('I12: a repetition gets the secret again, and the ledger does not hold it', async () => {
    const headers = { 'idempotency-key': 'webhook-1' };
    const first = await create({ url: PUBLIC }, headers);
    const again = await create({ url: PUBLIC }, headers);
    expect(again.json).toEqual(first.json);
    const rotate = { 'idempotency-key': 'webhook-2' };
    const url = `/v1/webhooks/${first.json.id}/rotate`;
    const rotated = await house.post<Webhook>(url, {}, rotate);
    expect(rotated.json.secret).not.toBe(first.json.secret);
    expect((await house.post<Webhook>(url, {}, rotate)).json).toEqual(rotated.json);
    // Its own secret is no longer the one that signs.
    expect((await create({ url: PUBLIC }, headers)).json).toMatchObject({ secret: null });
  });

  // OneUptime/oneuptime#2578, superloglabs/superlog#154: PATCH checked less than POST.
  it('refuses a URL that leads inside, when it is created and when it is changed', async () => {
    const { json } = await create({ url: PUBLIC });
    for (const url of [
      ...['http://hooks.example.com/', 'https://127.0.0.1/', 'https://2130706433/'],
      ...['https://[::ffff:169.254.169.254]/', 'https://localhost/', 'nonsense'],
    ]) {
      const refused = await create<Problem>({ url });
      expect([url, refused.status, refused.json.errors?.[0]?.path]).toEqual([url, 400, 'body.url']);
      const changed = await house.patch<Problem>(`/v1/webhooks/${json.id}`, { url });
      expect([changed.status, changed.json.code]).toEqual([400, 'invalid_request']);
    }
    expect((await create<Problem>({ url: PUBLIC, events: [] })).status).toBe(400);
    expect((await create<Problem>({ url: PUBLIC, event_types: ['budget'] })).status).toBe(400);
    expect((await house.patch(`/v1/webhooks/${json.id}`, {})).status).toBe(400);
  });

  it('changes what is said, and archives for good', async () => {
    const { json } = await create({ url: PUBLIC, event_types: ['budget.overrun'] });
    const url = `/v1/webhooks/${json.id}`;
    const changed = await house.patch<Webhook>(url, { event_types: null });
    expect(changed.json).toEqual({ ...json, event_types: null, secret: null });
    expect((await house.post(`${url}/archive`, '')).json).toMatchObject({ status: 'archived' });
    const after = [
      await house.patch<Problem>(url, { description: 'x' }),
      await house.post<Problem>(`${url}/test`, ''),
      await house.post<Problem>(`${url}/rotate`, {}),
    ];
    expect(after.map(({ status, json: { code } }) => [status, code])).toEqual(
      Array(3).fill([409, 'webhook_archived']),
    );
    for (const path of ['', '/deliveries']) {
      const missing = await house.get<Problem>(`/v1/webhooks/none${path}`);
      expect([missing.status, missing.json.code]).toEqual([404, 'webhook_not_found']);
    }
  });

  it('accepts a test, which waits in the log of deliveries', async () => {
    const { json } = await create({ url: PUBLIC });
    const asked = await house.post<{ id: string }>(`/v1/webhooks/${json.id}/test`, '');
    expect(asked).toMatchObject({
      status: 202,
      json: { event_type: 'webhook.test', status: 'pending', attempts: [] },
    });
    const url = `/v1/webhooks/${json.id}/deliveries`;
    expect((await house.get<Listed<object>>(url)).json.data).toEqual([asked.json]);
    expect((await house.get<Listed<object>>(`${url}?status=failed`)).json.data).toEqual([]);
  });
});

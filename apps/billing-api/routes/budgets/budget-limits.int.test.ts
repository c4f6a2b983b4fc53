/** Top-ups, raises and restoring, over the real embedded stores. */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import { readEvents } from '@tollgate/adapters/ledger/read-stream.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

type Made = { id: string };
type Problem = { code: string; errors?: { path: string }[] };
type Parts = { base: string; topped_up: string; raises: Made[]; credit: { left: string }[] };
type Budget = Made & {
  status: string;
  limit: string;
  current: { limit: string; spent: string; parts: Parts & { ended_credit: object } };
};
type TopUp = Made & { status: string; left: string; expires_at: string | null };

const HOUR = 3_600_000;
const usd = (amount: number | string) => `${amount}.000000000000`;

let nowMs = Date.now();
let house: ApiHouse;
let keyId: string;
let budgetId: string;
beforeAll(async () => {
  house = await openApiHouse({ clock: () => nowMs });
  const made = async (url: string, body: object) => (await house.post<Made>(url, body)).json.id;
  const customerId = await made('/v1/customers', { name: 'c' });
  keyId = await made('/v1/keys', { customer_id: customerId, name: 'k' });
});
afterAll(() => house?.close());

const inMs = (ms: number) => new Date(nowMs + ms).toISOString();
const define = async (more: object) => {
  const scope = { type: 'key', id: keyId };
  return (await house.post<Made>('/v1/budgets', { scope, limit: '10', ...more })).json.id;
};
beforeEach(async () => {
  budgetId = await define({ window: 'total' });
});

const url = (path = '') => `/v1/budgets/${budgetId}${path}`;
const budget = async () => (await house.get<Budget>(url())).json;
const topUp = (body: object, headers = {}) => house.post<TopUp>(url('/top-ups'), body, headers);
const raise = (body: object) => house.post<Made & { status: string }>(url('/raises'), body);
const stream = () => `budget-${budgetId}@19700101T000000Z`;

/** As a proxy would have used it. */
async function windowIs(...events: [type: string, data: object][]): Promise<void> {
  const { ledger } = house.stores;
  for (const [type, data] of events) {
    const last = (await ledger.read(stream())).at(-1)?.revision ?? 'no_stream';
    await ledger.append(stream(), last, [{ id: `${stream()} ${type} ${last}`, type, data }]);
  }
}
const opened: [string, object] = [
  'WindowOpened',
  {
    ...{ budget_id: 'bud', window_start: '1970-01-01T00:00:00.000Z', window_end: null },
    ...{ limit: usd(10), definition_revision: '0' },
  },
];
const granted = (amount: number): [string, object] => [
  'LeaseGranted',
  { lease_id: 'lse_1', instance_id: 'ins_1', amount: usd(amount) },
];
const settled = (spent: number): [string, object] => [
  'LeaseSettled',
  { lease_id: 'lse_1', spent: usd(spent) },
];

async function windowEvents(): Promise<string[]> {
  const types: string[] = [];
  const events = readEvents(house.stores.ledger, budgetWindowEvents, stream());
  for await (const { event } of events) types.push(event.type);
  return types;
}

describe('/v1/budgets/{id}/top-ups', () => {
  it('adds credit to the limit in force, and shows what is left of each', async () => {
    expect(await topUp({ amount: '5' })).toMatchObject({
      status: 201,
      json: { object: 'top_up', amount: usd(5), expires_at: null, status: 'active', left: usd(5) },
    });
    const expires_at = inMs(HOUR);
    const second = await topUp({ amount: '2.5', expires_at });
    expect(second.json).toMatchObject({ expires_at, left: '2.500000000000' });
    const { limit, current } = await budget();
    expect([limit, current.limit]).toEqual([usd(10), '17.500000000000']);
    expect(current.parts).toMatchObject({
      ...{ base: usd(10), topped_up: usd(5), raises: [] },
      credit: [{ id: second.json.id, amount: '2.500000000000', left: '2.500000000000' }],
    });
    const { json } = await house.get<{ data: TopUp[]; has_more: boolean }>(url('/top-ups?limit=1'));
    expect(json).toMatchObject({ data: [{ id: second.json.id }], has_more: true });
  });

  it('is carried out once under one key', async () => {
    const body = { amount: '5', expires_at: inMs(HOUR) };
    const key = { 'idempotency-key': `top-up-${budgetId}` };
    const [first, again] = [await topUp(body, key), await topUp(body, key)];
    expect(again).toEqual(first);
    expect((await budget()).current.limit).toBe(usd(15));
  });

  it('I3: reaches the open window at once, and ends there with what was unused', async () => {
    await windowIs(opened);
    const { json } = await topUp({ amount: '5', expires_at: inMs(HOUR) });
    await windowIs(granted(4), settled(3));
    nowMs += HOUR;
    const left = await house.get<{ data: TopUp[] }>(url('/top-ups'));
    expect(left.json.data).toMatchObject([{ id: json.id, status: 'expired', left: usd(0) }]);
    expect((await budget()).current).toMatchObject({
      ...{ limit: usd(13), spent: usd(3) },
      parts: { credit: [], ended_credit: { spent: usd(3), unused: usd(2) } },
    });
    // The next change of the budget records it.
    expect(await windowEvents()).not.toContain('CreditExpired');
    await house.patch(url(), { limit: '11' });
    expect((await windowEvents()).slice(-2)).toEqual(['LimitChanged', 'CreditExpired']);
    expect((await budget()).current).toMatchObject({ limit: usd(14), spent: usd(3) });
  });

  it('refuses what is no credit', async () => {
    // llmgateway PR#3705: a negative amount was taken.
    const wrong = [{ amount: '-1' }, { amount: '0' }, { amount: '1', expires_at: inMs(0) }, {}];
    for (const body of wrong) expect((await topUp(body)).status).toBe(400);
    budgetId = await define({ window: 'total', unit: 'tokens' });
    expect((await topUp({ amount: '1.5' })).status).toBe(400);
    budgetId = await define({ window: 'total', enforcement: 'soft' });
    const ends = await topUp({ amount: '1', expires_at: inMs(HOUR) });
    expect(ends).toMatchObject({ status: 400, json: { errors: [{ path: 'body.expires_at' }] } });
    expect((await topUp({ amount: '1' })).status).toBe(201);
    budgetId = await define({ window: 'month' });
    expect(await topUp({ amount: '1' })).toMatchObject({ json: { code: 'budget_not_prepaid' } });
    budgetId = 'bud_x';
    expect(await topUp({ amount: '1' })).toMatchObject({ json: { code: 'budget_not_found' } });
    expect((await house.get(url('/top-ups'))).status).toBe(404);
  });

  it('refuses more ends ahead than one event can tell a window', async () => {
    const body = { amount: '1', expires_at: inMs(HOUR) };
    for (let count = 0; count < 100; count++) expect((await topUp(body)).status).toBe(201);
    expect(await topUp(body)).toMatchObject({ status: 409, json: { code: 'top_ups_full' } });
    expect((await topUp({ amount: '1' })).status).toBe(201);
    nowMs += HOUR;
    expect((await topUp({ ...body, expires_at: inMs(HOUR) })).status).toBe(201);
  });
});

describe('/v1/budgets/{id}/raises', () => {
  it('raises the limit in force until an instant; several add up', async () => {
    await windowIs(opened);
    const first = await raise({ amount: '5', until: inMs(HOUR) });
    await raise({ amount: '0.5', until: inMs(2 * HOUR) });
    expect(first).toMatchObject({ status: 201, json: { object: 'raise', status: 'active' } });
    expect((await budget()).current).toMatchObject({
      ...{ limit: '15.500000000000' },
      parts: { base: usd(10), raises: [{ id: first.json.id, amount: usd(5) }, {}] },
    });
    nowMs += HOUR;
    expect((await budget()).current.limit).toBe('10.500000000000');
    expect((await windowEvents()).filter((type) => type === 'LimitChanged')).toHaveLength(2);
  });

  // litellm#35247: a raise had no effect on budgets with several windows.
  it.each(['hour', 'day', 'week', 'month', 'total'])('of a budget per %s', async (window) => {
    budgetId = await define({ window });
    await raise({ amount: '5', until: inMs(HOUR) });
    expect((await budget()).current.limit).toBe(usd(15));
    nowMs += HOUR;
    expect((await budget()).current.limit).toBe(usd(10));
  });

  it('ends early, once', async () => {
    await windowIs(opened);
    const { json } = await raise({ amount: '5', until: inMs(HOUR) });
    const end = () => house.post<Problem & { status: string }>(url(`/raises/${json.id}/end`), '');
    expect((await end()).json.status).toBe('ended');
    expect((await budget()).current.limit).toBe(usd(10));
    expect(await end()).toMatchObject({ status: 409, json: { code: 'raise_over' } });
    const unknown = await house.post<Problem>(url('/raises/rse_x/end'), '');
    expect([unknown.status, unknown.json.code]).toEqual([404, 'raise_not_found']);
  });

  it('refuses what is no raise', async () => {
    const wrong = [
      { amount: '1' },
      { amount: '0', until: inMs(1) },
      { amount: '1', until: inMs(0) },
    ];
    for (const body of wrong) expect((await raise(body)).status).toBe(400);
  });
});

describe('/v1/budgets/{id}/restore', () => {
  it('brings a budget back with what its window has spent, and nothing else does', async () => {
    await windowIs(opened, granted(4), settled(3));
    const restore = () => house.post<Budget & Problem>(url('/restore'), '');
    expect(await restore()).toMatchObject({ status: 409, json: { code: 'budget_not_archived' } });
    await house.post(url('/archive'), '');
    for (const [path, body] of [
      ['/top-ups', { amount: '1' }],
      ['/raises', { amount: '1', until: inMs(HOUR) }],
    ] as const) {
      expect(await house.post(url(path), body)).toMatchObject({
        json: { code: 'budget_archived' },
      });
    }
    expect(await restore()).toMatchObject({
      status: 200,
      json: { status: 'active', current: { limit: usd(10), spent: usd(3) } },
    });
    expect((await house.patch(url(), { limit: '12' })).status).toBe(200);
  });

  it('is refused while its customer is archived', async () => {
    const customer = (await house.post<Made>('/v1/customers', { name: 'gone' })).json.id;
    const scope = { type: 'customer', id: customer };
    budgetId = (await house.post<Made>('/v1/budgets', { scope, limit: '1' })).json.id;
    await house.post(url('/archive'), '');
    await house.post(`/v1/customers/${customer}/archive`, '');
    expect(await house.post(url('/restore'), '')).toMatchObject({
      json: { code: 'customer_archived' },
    });
  });
});

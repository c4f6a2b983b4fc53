/** Usage of another gateway, stored to be seen and never billed. */
import type { HistoryEventRequest } from '@tollgate/schemas/http/usage-history.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

const NOON = '2026-11-20T12:00:00.000Z';
const RANGE = 'start=2026-11-20&end=2026-11-21';

let house: ApiHouse;
let keyId: string;
let keyOfOther: string;
beforeAll(async () => {
  house = await openApiHouse({ clock: () => Date.parse('2026-11-24T12:00:00.000Z') });
  const idOf = async (path: string, body: object) =>
    (await house.post<{ id: string }>(path, body)).json.id;
  await idOf('/v1/customers', { name: 'Acme', external_id: 'acme' });
  await idOf('/v1/customers', { name: 'Other', external_id: 'other' });
  keyId = await idOf('/v1/keys', { customer_id: 'acme', name: 'k' });
  keyOfOther = await idOf('/v1/keys', { customer_id: 'other', name: 'k' });
});
afterAll(() => house?.close());

const event = (id: string, more: Partial<HistoryEventRequest> = {}): HistoryEventRequest => ({
  ...{ id, customer_id: 'acme', key_id: keyId, time: NOON, cost: '0.0000123456785' },
  ...{ provider: 'openai', model: 'gpt-4o', input_tokens: 10, requests: 1 },
  ...more,
});

type Result = { accepted: number; rejected: { index: number; reason: string }[]; code?: string };
const send = (events: unknown[], more: object = {}) =>
  house.post<Result>('/v1/usage_history', { imported_from: 'litellm', events, ...more });

async function projected(): Promise<void> {
  const projector = await house.stores.start('p1');
  await projector.caughtUp();
  await projector.stop();
}

async function used(query: string) {
  const { json } = await house.get<{ data: Record<string, unknown>[] }>(`/v1/usage?${query}`);
  return json.data.map(({ events, cost, input_tokens }) => [events, cost, input_tokens]);
}

it('stores nothing in a dry run, counts what is sent twice once, and shows it where it is asked for', async () => {
  const dry = await send([event('a'), event('b')], { dry_run: true });
  expect([dry.status, dry.json]).toEqual([202, { accepted: 2, rejected: [] }]);
  await projected();
  expect(await used(`${RANGE}&history=true`)).toEqual([]);
  await send([event('a'), event('b')]);
  await send([event('a'), event('c', { cost: null })]);
  await projected();
  const all = [[3, '0.000024691358', 30]];
  expect(await used(`${RANGE}&history=true`)).toEqual(all);
  expect(await used(`${RANGE}&type=history&key_id=${keyId}`)).toEqual(all);
  // What is billed, and what budgets and `GET /v1/me` speak of, has none of it.
  expect(await used(RANGE)).toEqual([]);
});

it('names each bad event and stores the good ones: no file is lost to a broken line', async () => {
  const { status, json } = await send([
    event('good'),
    event('old', { time: '2021-11-01T00:00:00.000Z' }),
    event('theirs', { key_id: keyOfOther }),
    event('nobody', { customer_id: 'cus_2' }),
    event('negative', { cost: '-1' }),
    event('half', { input_tokens: 0.5 }),
    event('extra', { billed: true } as object),
    'no event',
  ]);
  expect([status, json.accepted]).toEqual([202, 1]);
  expect(json.rejected.map(({ index, reason }) => [index, reason.split(':')[0]])).toEqual([
    [1, 'time'],
    [2, 'key_id'],
    [3, 'customer_id'],
    [4, 'cost'],
    [5, 'input_tokens'],
    [6, 'event'],
    [7, 'event'],
  ]);
  const tooMany = await send(Array.from({ length: 1_001 }, (_, n) => event(`m${n}`)));
  expect([tooMany.status, tooMany.json.code]).toEqual([400, 'invalid_request']);
});

/** What administrators see of payloads, and that nobody else does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PayloadFile } from '@tollgate/adapters/payloads/payload-file.ts';
import type { PayloadStore } from '@tollgate/adapters/payloads/payloads.ts';
import { openPayloads } from '@tollgate/adapters/payloads/sqlite-payloads.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

const LIMITS = { retentionMs: 86_400_000, bytesMax: 1_000_000 };
const id = (n: number) => `0197a1c0-0000-7000-8000-00000000000${n}`;

let folder: string;
let payloads: PayloadStore;
let house: ApiHouse;
let customer: string;
let key: { id: string; secret: string; payload_log: boolean };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-payload-api-'));
  const path = join(folder, 'payloads.sqlite');
  payloads = openPayloads({ path, limits: LIMITS, onError: () => undefined });
  house = await openApiHouse({ payloads });
  customer = (await house.post<{ id: string }>('/v1/customers', { name: 'c', external_id: 'acme' }))
    .json.id;
  const issued = { customer_id: customer, name: 'k', payload_log: true };
  key = (await house.post<typeof key>('/v1/keys', issued)).json;
  const timeMs = Date.now();
  const of = (n: number, customerId: string) => ({
    ...{ callId: id(n), keyId: key.id, customerId, teamId: null, timeMs, endpoint: 'e' },
    ...{ model: 'm', httpStatus: 200, request: { text: `asked ${n}`, note: null } },
    answer: { text: null, note: 'too_large' as const },
  });
  new PayloadFile(path, LIMITS).putAll([of(1, customer), of(2, 'cus_b'), of(3, customer)], timeMs);
});
afterAll(async () => {
  await house.close();
  await payloads.close();
  rmSync(folder, { recursive: true, force: true });
});

type Listed = { data: { id: string }[]; has_more: boolean };
const ids = async (query = '') =>
  (await house.get<Listed>(`/v1/payloads${query}`)).json.data.map((each) => each.id);

describe('a key', () => {
  it('logs nothing unless it is told to, and can be told so and otherwise', async () => {
    const silent = await house.post<typeof key>('/v1/keys', { customer_id: customer, name: 's' });
    expect([silent.json.payload_log, key.payload_log]).toEqual([false, true]);
    const change = async (payload_log: boolean) =>
      (await house.patch<typeof key>(`/v1/keys/${silent.json.id}`, { payload_log })).json
        .payload_log;
    expect([await change(true), await change(false)]).toEqual([true, false]);
  });
});

describe('/v1/payloads', () => {
  it('lists calls newest first, without what they say', async () => {
    expect(await ids()).toEqual([id(3), id(2), id(1)]);
    expect(await ids('?customer_id=acme')).toEqual([id(3), id(1)]);
    expect(await ids(`?key_id=${key.id}&limit=1&starting_after=${id(3)}`)).toEqual([id(2)]);
    const { json } = await house.get<Listed>('/v1/payloads?limit=2');
    expect([json.has_more, JSON.stringify(json).includes('asked')]).toEqual([true, false]);
    expect((await house.get(`/v1/payloads?starting_after=${id(9)}`)).status).toBe(400);
  });

  it('shows what one of them said', async () => {
    expect((await house.get(`/v1/payloads/${id(1)}`)).json).toMatchObject({
      ...{ object: 'payload', id: id(1), customer_id: customer, key_id: key.id, http_status: 200 },
      request: { text: 'asked 1', note: null },
      answer: { text: null, note: 'too_large' },
    });
    expect((await house.get(`/v1/payloads/${id(9)}`)).status).toBe(404);
  });

  it('I10: is for administrators: a virtual key reads and deletes nothing, not even its own', async () => {
    const authorization = `Bearer ${key.secret}`;
    for (const url of ['/v1/payloads', `/v1/payloads/${id(1)}`]) {
      const answer = await house.api.app.inject({ url, headers: { authorization } });
      expect([answer.statusCode, answer.body.includes('asked')]).toEqual([401, false]);
    }
    const purge = await house.post(
      '/v1/payloads/purge',
      { customer_id: customer },
      { authorization },
    );
    expect([purge.status, (await ids()).length]).toEqual([401, 3]);
  });

  it('deletes those of a customer, by our id or by the one of the operator', async () => {
    const purge = (customer_id: string) => house.post('/v1/payloads/purge', { customer_id });
    expect((await purge('acme')).json).toEqual({ customer_id: customer, purged: 2 });
    expect((await purge(customer)).json).toEqual({ customer_id: customer, purged: 0 });
    expect(await ids()).toEqual([id(2)]);
  });
});

it('an installation that keeps no payloads says so', async () => {
  const silent = await openApiHouse({ stores: house.stores });
  const answers = [
    await silent.get<{ code: string }>('/v1/payloads'),
    await silent.post<{ code: string }>('/v1/payloads/purge', { customer_id: 'c' }),
  ];
  await silent.api.stop();
  expect(answers.map(({ status, json }) => [status, json.code])).toEqual([
    ...[
      [404, 'payload_log_off'],
      [404, 'payload_log_off'],
    ],
  ]);
});

/** What holds for requests of any kind, on the embedded stores. */
import { hkdfSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@tollgate/adapters/digest/sha256.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import {
  openReplayKeys,
  REPLAY_MS,
  type ReplayKeys,
} from '@tollgate/adapters/secrets/replay-keys.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import { attempt, type House, openHouse } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BillingApi, buildApi } from './app.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-api-'));
let house: House;
let api: BillingApi;
let replayKeys: ReplayKeys;
let token: string;
let isLedgerAway = false;
const clock: { nowMs: number | null } = { nowMs: null };
beforeAll(async () => {
  house = await openHouse();
  await house.append(Array.from({ length: 40 }, () => attempt()));
  const projector = await house.start('p1');
  await projector.caughtUp();
  await projector.stop();
  const secrets = openSecrets(join(folder, 'secrets.json'));
  token = secrets.newAdminToken ?? '';
  const reach = async () => {
    if (isLedgerAway) throw new Error('no connection');
  };
  const ledger: House['ledger'] = {
    ...house.ledger,
    append: (...args) => reach().then(() => house.ledger.append(...args)),
    read: (...args) => reach().then(() => house.ledger.read(...args)),
  };
  const { log, warehouse } = house;
  replayKeys = openReplayKeys(join(folder, 'replay'), () => clock.nowMs ?? Date.now());
  api = await buildApi({
    ...{ ledger, log, warehouse, secrets, clock: () => clock.nowMs ?? Date.now() },
    replayKeys,
    randomBytes: (length) => randomBytes(length),
    onError: () => undefined,
    health: async () => ({ ready: true, checks: {} }),
    limits: { requestsInFlightMax: 8 },
  });
});
afterAll(async () => {
  await api.stop();
  replayKeys.close();
  await house.close();
  rmSync(folder, { recursive: true, force: true });
});

type Answer = Record<string, unknown> & { id: string; code: string; data: object[] };

async function ask(method: 'GET' | 'POST' | 'PATCH', url: string, body?: object, headers = {}) {
  const answer = await api.app.inject({
    ...{ method, url },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return { status: answer.statusCode, text: answer.body, json: JSON.parse(answer.body) as Answer };
}

async function newKey(): Promise<{ id: string; customerId: string }> {
  const { json: customer } = await ask('POST', '/v1/customers', { name: 'c' });
  const { json: key } = await ask('POST', '/v1/keys', { customer_id: customer.id, name: 'k' });
  return { id: key.id, customerId: customer.id };
}

it('I10: two customers cannot take one external id, not even at the same time', async () => {
  const create = (name: string) => ask('POST', '/v1/customers', { name, external_id: 'acme' });
  const both = await Promise.all(['one', 'two'].map(create));
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect(await create('three')).toMatchObject({ status: 409, json: { code: 'external_id_taken' } });
});

it('a client that lost the answer with a secret gets it again, for the same request', async () => {
  const { id, customerId } = await newKey();
  for (const [path, body] of [
    ['/v1/keys', { customer_id: customerId, name: 'k2' }],
    [`/v1/keys/${id}/rotate`, {}],
  ] as const) {
    const headers = { 'idempotency-key': path.replaceAll('/', '-') };
    const first = await ask('POST', path, body, headers);
    const again = await ask('POST', path, body, headers);
    expect(first.json['secret']).toMatch(/^tg_/);
    expect(again.json['secret']).toBe(first.json['secret']);
  }
});

it('I12: after a day nobody can work out a secret that was issued under an Idempotency-Key', async () => {
  const { customerId } = await newKey();
  const headers = { 'idempotency-key': 'a-day-later' };
  const body = { customer_id: customerId, name: 'k' };
  const first = await ask('POST', '/v1/keys', body, headers);
  const { secret, id } = first.json as { secret?: string; id: string };
  // Everything that a backup has: the ledger names the command, the secrets file has its keys.
  const { derivation_key } = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8'));
  const events = await house.ledger.read(`idempotency-${sha256Hex('a-day-later')}`);
  const [{ request_hash } = { request_hash: '' }] = events.map(
    ({ data }) => data as { request_hash: string },
  );
  const commandId = sha256Hex(`idempotency-${sha256Hex('a-day-later')}|${request_hash}`);
  const key = Buffer.from(derivation_key, 'base64');
  const label = `request|${commandId}|secret`;
  const bytes = new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), label, 32));
  expect(formatKeySecret('live', bytes)).not.toBe(secret);
  clock.nowMs = Date.now() + REPLAY_MS;
  try {
    const late = await ask('POST', '/v1/keys', body, headers);
    expect([late.status, late.json.id, late.json['secret']]).toEqual([201, id, null]);
  } finally {
    clock.nowMs = null;
  }
});

it('a budget can be removed: it is archived once, and can still be read', async () => {
  const { id } = await newKey();
  const scope = { type: 'key', id };
  const { json: budget } = await ask('POST', '/v1/budgets', { scope, limit: '1' });
  const archived = await ask('POST', `/v1/budgets/${budget.id}/archive`);
  expect([archived.status, archived.json]).toMatchObject([200, { id: budget.id, archived: true }]);
  expect((await ask('GET', `/v1/budgets/${budget.id}`)).json).toMatchObject({ archived: true });
  const again = await ask('POST', `/v1/budgets/${budget.id}/archive`);
  expect([again.status, again.json.code]).toEqual([409, 'budget_archived']);
  const changed = await ask('PATCH', `/v1/budgets/${budget.id}`, { limit: '2' });
  expect(changed.json.code).toBe('budget_archived');
});

it('every request says so while the ledger cannot be reached', async () => {
  const { id } = await newKey();
  const { json: budget } = await ask('POST', '/v1/budgets', {
    scope: { type: 'key', id },
    limit: '1',
  });
  isLedgerAway = true;
  try {
    const answers = [
      await ask('POST', '/v1/customers', { name: 'x' }),
      await ask('POST', '/v1/customers', { name: 'x' }, { 'idempotency-key': 'away' }),
      await ask('GET', `/v1/budgets/${budget.id}`),
      await ask('GET', '/v1/budgets'),
    ];
    const said = answers.map(({ status, json }) => [status, json.code]);
    expect(said).toEqual(Array(4).fill([503, 'ledger_unavailable']));
  } finally {
    isLedgerAway = false;
  }
});

it('lists can be filtered by external id, like everything else', async () => {
  const { json: customer } = await ask('POST', '/v1/customers', { name: 'l', external_id: 'ext' });
  for (const [path, body] of [
    ['/v1/teams', { customer_id: 'ext', name: 't' }],
    ['/v1/keys', { customer_id: 'ext', name: 'k' }],
  ] as const) {
    await ask('POST', path, body);
    for (const named of ['ext', customer.id]) {
      expect((await ask('GET', `${path}?customer_id=${named}`)).json.data).toHaveLength(1);
    }
  }
});

it('I7: a price book without a start begins now, after those that began earlier', async () => {
  const before = new Date().toISOString();
  const publish = (more: object) =>
    ask('POST', '/v1/price_books', {
      provider: 'p',
      models: [{ model: 'm', input: '1' }],
      ...more,
    });
  await publish({ effective_from: '2026-01-01T00:00:00.000Z' });
  const { json } = await publish({});
  expect(String(json['effective_from']) >= before).toBe(true);
});

it('a price before the start of its list is refused, because it would never be in force', async () => {
  const publish = (effective_from: string | undefined, from: string) =>
    ask('POST', '/v1/price_books', {
      ...{ provider: 'p', effective_from },
      models: [
        { model: 'm', input: '1' },
        { model: 'm', input: '2', effective_from: from },
      ],
    });
  for (const start of ['2026-11-02', undefined]) {
    const { status, json } = await publish(start, '2026-11-01T23:59:59.999Z');
    const errors = [expect.objectContaining({ path: 'body.models.1.effective_from' })];
    expect([status, json['errors']]).toEqual([400, errors]);
  }
  expect((await publish('2026-11-02', '2026-11-02T01:00:00+01:00')).status).toBe(201);
});

it('bounds the bytes of an SQL answer, although the engine counts a repeated value once', async () => {
  const text = `WITH '${'a'.repeat(15_000)}' AS a SELECT concat(a, a, a, x.customer_id) AS long`;
  const rows = 'FROM usage_events x CROSS JOIN usage_events y';
  const sql = `SELECT CAST(long AS LowCardinality(String)) AS text FROM (${text} ${rows})`;
  const { status, json } = await ask('POST', '/v1/sql', { sql });
  expect([status, json.code]).toEqual([422, 'sql_limit_exceeded']);
});

it('refuses requests beyond the limit in flight, before their bodies are read', async () => {
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = api.app.server.address() as AddressInfo;
  const slow = Array.from({ length: 8 }, () => {
    const controller = new AbortController();
    const body = new ReadableStream({ start: (stream) => stream.enqueue(Buffer.from('{')) });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body, duplex: 'half', signal: controller.signal };
    const url = `http://127.0.0.1:${port}/v1/customers`;
    const ended = fetch(url, request as RequestInit).catch(() => undefined);
    return { controller, ended };
  });
  const url = `http://127.0.0.1:${port}/v1/customers`;
  const look = () => fetch(url, { headers: { authorization: `Bearer ${token}` } });
  let answer = await look();
  while (answer.status !== 503) answer = await look();
  expect(await answer.json()).toMatchObject({ code: 'overloaded' });
  for (const { controller } of slow) controller.abort();
  await Promise.all(slow.map(({ ended }) => ended));
  while (answer.status !== 200) answer = await look();
});

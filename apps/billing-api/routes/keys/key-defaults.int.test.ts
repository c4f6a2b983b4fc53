/** What new keys get by default, of their customer and of the installation, over the real ledger. */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openHouse } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

type Thing = { id: string; code: string; errors: { path: string }[] } & Record<string, unknown>;
type Key = Thing & {
  default_budget_ids: string[];
  default_rate_limit_ids: string[];
  secret: string | null;
};

let house: ApiHouse;
/** True: the ledger loses this append. */
let isLost: (stream: string) => boolean = () => false;

beforeAll(async () => {
  const stores = await openHouse();
  const append: Ledger['append'] = async (stream, expected, events) => {
    if (isLost(stream)) throw new Error('the ledger is away');
    return await stores.ledger.append(stream, expected, events);
  };
  house = await openApiHouse({ stores: { ...stores, ledger: { ...stores.ledger, append } } });
});
afterAll(() => house?.close());
beforeEach(async () => {
  isLost = () => false;
  await install(null);
});

async function install(key_defaults: object | null): Promise<void> {
  const { status, json } = await house.patch<Thing>('/v1/installation', { key_defaults });
  if (status !== 200) throw new Error(JSON.stringify(json));
}
const newCustomer = async (fields: object = {}) =>
  (await house.post<Thing>('/v1/customers', { name: 'c', ...fields })).json;
const issue = async (customer_id: string, fields: object = {}) =>
  (await house.post<Key>('/v1/keys', { customer_id, name: 'k', ...fields })).json;
const found = async (url: string) => (await house.get<Thing>(url)).json;

const DAILY = { limit: '2.5', window: 'day' };
const MINUTE = { measure: 'requests', limit: 10 };

describe('the defaults of the installation', () => {
  it('are none until they are set, and shown as they are stored', async () => {
    expect(await found('/v1/installation')).toMatchObject({ key_defaults: null });
    await install({ budgets: [DAILY], rate_limits: [MINUTE], tags: { tier: 'free' } });
    const { key_defaults } = await found('/v1/installation');
    expect(key_defaults).toEqual({
      tags: { tier: 'free' },
      budgets: [
        expect.objectContaining({
          ...{ unit: 'usd', window: 'day', limit: '2.500000000000', enforcement: 'hard' },
          time_zone: null,
        }),
      ],
      rate_limits: [
        {
          ...{ scope: { type: 'key' }, measure: 'requests', per: 'minute', limit: 10 },
          ...{ smoothing: false, when_store_is_away: 'closed' },
        },
      ],
    });
  });

  it.each([
    [{ budgets: [DAILY, { unit: 'tokens', limit: '1.5' }] }, 'budgets.1.limit'],
    [{ budgets: [{ ...DAILY, anchor: '2026-11-18' }] }, 'budgets.0.anchor'],
    [{ budgets: [{ ...DAILY, time_zone: 'Mars/Olympus' }] }, 'budgets.0.time_zone'],
    [{ budgets: [{ ...DAILY, scope: { type: 'key', id: 'k' } }] }, 'budgets.0'],
    [{ budgets: Array(9).fill(DAILY) }, 'budgets'],
    [{ rate_limits: [{ ...MINUTE, per: 'hour' }] }, 'rate_limits.0.per'],
    [{ rate_limits: [{ ...MINUTE, per: 'second', smoothing: true }] }, 'rate_limits.0.smoothing'],
    [{ allowed_models: [] }, 'allowed_models'],
    [{ max_budget: 1 }, ''],
  ])('that no key could have are refused: %j', async (key_defaults, path) => {
    for (const url of ['/v1/installation', `/v1/customers/${(await newCustomer()).id}`]) {
      const { status, json } = await house.patch<Thing>(url, { key_defaults });
      expect([status, json.code, json.errors[0]?.path]).toEqual([
        ...[400, 'invalid_request'],
        `body.key_defaults${path === '' ? '' : `.${path}`}`,
      ]);
    }
  });
});

// litellm#1667, litellm#2058: what keys get where nothing is said.
describe('a new key', () => {
  it('has the defaults that its request does not replace, and keeps them', async () => {
    await install({ tags: { tier: 'free', region: 'eu' }, on_disconnect: 'abort' });
    const key_defaults = { tags: { tier: 'gold' }, denied_models: ['o9'], expires_in_seconds: 60 };
    const { id } = await newCustomer({ key_defaults });
    const before = Date.now();
    const key = await issue(id, { tags: { app: 'chat' } });
    expect(key).toMatchObject({
      tags: { app: 'chat', tier: 'gold', region: 'eu' },
      ...{ on_disconnect: 'abort', denied_models: ['o9'], allowed_models: null },
    });
    const endsMs = Date.parse(String(key['expires_at'])) - before;
    expect(endsMs).toBeGreaterThanOrEqual(60_000);
    expect(endsMs).toBeLessThan(90_000);
    await house.patch(`/v1/customers/${id}`, { key_defaults: null });
    const after = await found(`/v1/keys/${key.id}`);
    const { created_at } = after;
    expect(after).toEqual({ ...key, created_at, secret: null });
    expect(await issue(id)).toMatchObject({ denied_models: [], expires_at: null });
  });

  it('has a budget and a rate limit of its own for each default, in its customer’s zone', async () => {
    await install({ budgets: [DAILY], rate_limits: [MINUTE] });
    const { id } = await newCustomer({
      time_zone: 'Asia/Kolkata',
      key_defaults: {
        budgets: [DAILY, { unit: 'tokens', limit: '100', time_zone: 'Europe/Berlin' }],
      },
    });
    const [one, other] = [await issue(id), await issue(id)];
    expect(new Set([...one.default_budget_ids, ...other.default_budget_ids]).size).toBe(4);
    const scope = { type: 'key', id: one.id };
    const budgets = await Promise.all(
      one.default_budget_ids.map((budget) => found(`/v1/budgets/${budget}`)),
    );
    expect(budgets).toMatchObject([
      { scope, unit: 'usd', window: 'day', limit: '2.500000000000', time_zone: 'Asia/Kolkata' },
      { scope, unit: 'tokens', window: 'month', time_zone: 'Europe/Berlin' },
    ]);
    const [limit] = one.default_rate_limit_ids;
    expect(await found(`/v1/rate_limits/${limit}`)).toMatchObject({ ...MINUTE, scope });
  });

  it('of a customer whose defaults name no budgets has none, whatever the installation says', async () => {
    await install({ budgets: [DAILY] });
    const { id } = await newCustomer({ key_defaults: { budgets: [] } });
    expect((await issue(id)).default_budget_ids).toEqual([]);
  });

  it('with more tags than a key can have, with those of the defaults, is refused', async () => {
    const tags = (from: number) =>
      Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`t${from + index}`, 'x']));
    const { id } = await newCustomer({ key_defaults: { tags: tags(0) } });
    expect(await issue(id, { tags: tags(10) })).toMatchObject({ tags: tags(0) });
    const refused = await issue(id, { tags: tags(40) });
    expect([refused.code, refused.errors[0]?.path]).toEqual(['invalid_request', 'body.tags']);
  });
});

describe('I3: a key never works without its default budgets', () => {
  const defaults = { budgets: [DAILY, { limit: '9' }], rate_limits: [MINUTE] };

  it('because they are in the ledger before it is', async () => {
    const { id } = await newCustomer({ key_defaults: defaults });
    const { events } = await appendedBy(() => issue(id));
    expect(events).toEqual(['BudgetDefined', 'BudgetDefined', 'RateLimitDefined', 'KeyIssued']);
  });

  it('however a request is cut off, and a repetition makes the same again, once', async () => {
    const { id } = await newCustomer({ key_defaults: defaults });
    const headers = { 'idempotency-key': 'cut-off' };
    const post = () => house.post<Key>('/v1/keys', { customer_id: id, name: 'k' }, headers);
    const { events, result } = await appendedBy(async () => {
      for (const fallen of ['budget_definition-', 'rate_limit-', 'key-']) {
        let passed = 0;
        // The second budget of two is lost.
        isLost = (stream) =>
          stream.startsWith(fallen) && (fallen !== 'budget_definition-' || ++passed > 1);
        expect((await post()).status).toBe(503);
        isLost = () => false;
        expect((await house.get<{ data: Key[] }>(`/v1/keys?customer_id=${id}`)).json.data).toEqual(
          [],
        );
      }
      return (await post()).json;
    });
    expect(events).toEqual(['BudgetDefined', 'BudgetDefined', 'RateLimitDefined', 'KeyIssued']);
    expect(result.secret).toMatch(/^tg_/);
    expect((await post()).json).toEqual(result);
    expect(result.default_budget_ids).toHaveLength(2);
  });
});

/** Types of the events about keys and limits that are in the ledger afterwards, in its order. */
async function appendedBy<T>(work: () => Promise<T>): Promise<{ events: string[]; result: T }> {
  const prefixes = ['key-', 'budget_definition-', 'rate_limit-'];
  const all = async () => {
    const types: string[] = [];
    const signal = new AbortController();
    const items = house.stores.ledger.subscribe({ prefixes, after: null, signal: signal.signal });
    for await (const item of items) {
      if (item.kind === 'caught_up') break;
      types.push(item.event.type);
    }
    signal.abort();
    return types;
  };
  const before = await all();
  const result = await work();
  return { events: (await all()).slice(before.length), result };
}

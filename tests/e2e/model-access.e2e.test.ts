/** Which models a key may use, over two proxies: refusals, their events, lists, and how soon they bind. */
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { CustomerEvent, TeamEvent } from '@tollgate/domain/customer/customer-events.ts';
import type { KeyEvent } from '@tollgate/domain/key/key-events.ts';
import { PermissionDeniedError } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

type Proxy = Awaited<ReturnType<PlatformHouse['proxy']>>;

let house: PlatformHouse;
let proxies: [Proxy, Proxy];
let customerId: string;
let key: { id: string; secret: string };

beforeAll(async () => {
  house = await openPlatform();
  proxies = [await house.proxy(), await house.proxy()];
}, 60_000);
afterAll(async () => {
  await Promise.all((proxies ?? []).map((proxy) => proxy.stop()));
  await house?.close();
});
beforeEach(async () => {
  customerId = await house.customer();
  key = await house.key(customerId);
});

let commands = 0;
/** Appends to the end of its stream. */
async function happens(event: KeyEvent | CustomerEvent | TeamEvent, stream: string): Promise<void> {
  const before = await house.ledger.read(stream);
  const revision = before.at(-1)?.revision ?? 'no_stream';
  const appended = newLedgerEvent(stream, event, `command-${++commands}`);
  const result = await house.ledger.append(stream, revision, [appended]);
  if (!result.ok) throw new Error('conflict');
}
const limitKey = (lists: object) =>
  happens({ type: 'KeyUpdated', data: { key_id: key.id, ...lists } }, `key-${key.id}`);

/** What proxies were given of the budget. */
async function grantsOf(budgetId: string): Promise<number> {
  let count = 0;
  const done = new AbortController();
  const options = { prefixes: [`budget-${budgetId}@`], after: null, signal: done.signal };
  for await (const item of house.ledger.subscribe(options)) {
    if (item.kind === 'caught_up') break;
    if (item.event.type === 'LeaseGranted') count++;
  }
  done.abort();
  return count;
}

const answerTo = (proxy: Proxy, body: object) =>
  fetch(`${proxy.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function ask(proxy: Proxy, path: string, body?: object, query = '') {
  const answer = await fetch(`${proxy.url}/v1/${path}${query}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as Answer };
}
type Answer = {
  error: { code: string; scope: string; reason: string };
  data: { id: string }[];
  model: string;
};

const chat = (model: string) => ({
  ...{ model, max_completion_tokens: 8 },
  messages: [{ role: 'user', content: 'hi' }],
});
const call = (proxy: Proxy, model: string, query = '') =>
  ask(proxy, 'chat/completions', chat(model), query);
const listed = async (proxy: Proxy) =>
  (await ask(proxy, 'models')).json.data.map(({ id }) => id).toSorted();

describe('the models of a key', () => {
  it('bind every proxy within a second, for calls and for lists, and open again as soon', async () => {
    const [, all] = await Promise.all(proxies.map(listed));
    expect(all).toContain('sim-large');
    await limitKey({ allowed_models: ['sim-*'], denied_models: ['sim-large'] });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const proxy of proxies) {
      const { status, json } = await call(proxy, 'sim-large');
      expect([status, json.error]).toMatchObject([
        ...[403, { code: 'model_not_allowed', scope: 'key', reason: 'denied' }],
      ]);
      expect((await call(proxy, 'sim-small')).status).toBe(200);
      const models = await listed(proxy);
      expect(models).toEqual(all?.filter((id) => id.startsWith('sim-') && id !== 'sim-large'));
      expect((await ask(proxy, 'models/sim-large')).json.error.code).toBe('model_not_allowed');
      expect((await ask(proxy, 'models/sim-small')).status).toBe(200);
    }
    await limitKey({ allowed_models: null, denied_models: [] });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const proxy of proxies) expect((await call(proxy, 'sim-large')).status).toBe(200);
  });

  it('are limited by the customer too, also for embeddings', async () => {
    const data = { customer_id: customerId, denied_models: ['*-EMBED'] };
    await happens({ type: 'CustomerUpdated', data }, `customer-${customerId}`);
    const body = { model: 'sim-embed', input: 'hi' };
    await until('the list binds', async () => {
      const { json } = await ask(proxies[0], 'embeddings', body);
      return json.error?.scope === 'customer';
    });
  });

  // litellm#41810: `?model=` was served, and the model of the body was checked.
  it('are those that are served: a model in the query is none', async () => {
    await limitKey({ allowed_models: ['sim-small'] });
    await until('the list binds', async () => (await call(proxies[0], 'sim-large')).status === 403);
    const { status, json } = await call(proxies[0], 'sim-small', '?model=sim-large');
    expect([status, json.model]).toEqual([200, 'sim-small']);
  });

  // Kong#14536: without its content type, a body was passed on unread.
  it('are not got around by a body of another type', async () => {
    await limitKey({ allowed_models: ['sim-small'] });
    const answer = await fetch(`${proxies[0].url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'text/plain' },
      body: JSON.stringify(chat('sim-large')),
    });
    expect(answer.status).toBe(415);
  });
});

describe('a call for another model', () => {
  it('is an event, has held nothing, and is not sent again by the official SDK', async () => {
    await limitKey({ allowed_models: ['sim-small'] });
    await until('the list binds', async () => (await call(proxies[0], 'sim-large')).status === 403);
    const budget = await house.budget(key.id, '1.000000000000');
    await until('the budget binds', async () => {
      const { headers } = await answerTo(proxies[0], chat('sim-small'));
      return headers.has('x-tollgate-budget-remaining');
    });
    const before = await grantsOf(budget);
    let requests = 0;
    const sdk = house.sdk(proxies[0].url, key.secret, {
      maxRetries: 3,
      fetch: (url, init) => {
        requests++;
        return fetch(url, init);
      },
    });
    const refused = sdk.chat.completions.create({
      ...{ model: 'sim-large', user: 'the one' },
      messages: [{ role: 'user', content: 'hi' }],
    });
    await expect(refused).rejects.toThrow(PermissionDeniedError);
    expect(requests).toBe(1);
    await house.projected();
    await until('the refusal is in the warehouse', async () => {
      const [row] = await house.warehouse.query<{ n: string }>(
        `SELECT count() AS n FROM tollgate.raw_usage WHERE end_user = 'the one'
         AND type = 'refusal' AND error_type = 'model_not_allowed' AND key_id = '${key.id}'`,
      );
      return row?.n === '1';
    });
    expect(await grantsOf(budget)).toBe(before);
  });
});

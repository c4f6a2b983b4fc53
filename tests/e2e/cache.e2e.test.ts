/** The cache over two proxies that share a store: answers, savings to the last digit, purges, restarts. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteCache } from '@tollgate/adapters/cache/sqlite-cache.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { closePeriod } from '@tollgate/billing-api/closing/close-run.ts';
import { openPeriod } from '@tollgate/billing-api/closing/open-period.ts';
import type { CachePurged } from '@tollgate/domain/cache/cache-events.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

type Proxy = Awaited<ReturnType<PlatformHouse['proxy']>>;

let house: PlatformHouse;
let proxies: Proxy[];
let customer: string;
let key: { id: string; secret: string };

async function startProxy(): Promise<Proxy> {
  const warn = (_: object, message: string) => house.messages.push(message);
  const path = join(house.folder, 'answers.sqlite');
  return house.proxy(
    undefined,
    {},
    {
      answers: await openSqliteCache({ path, logger: { warn } }),
      cache: {
        rules: [{ mode: 'exact', namespace: 'customer', ttlS: 600, chargePercent: 0 }],
        origins: new Map(),
      },
    },
  );
}

beforeAll(async () => {
  house = await openPlatform();
  proxies = [await startProxy(), await startProxy()];
  customer = await house.customer();
  key = await house.key(customer);
}, 60_000);
afterAll(async () => {
  await Promise.all((proxies ?? []).map((proxy) => proxy.stop()));
  await house?.close();
});

async function ask(proxy: Proxy | undefined, content: string, secret = key.secret) {
  const messages = [{ role: 'user', content }];
  const answer = await fetch(`${proxy?.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sim-small', messages }),
  });
  const { choices } = (await answer.json()) as { choices: [{ message: { content: string } }] };
  return { cache: answer.headers.get('x-tollgate-cache'), text: choices[0].message.content };
}

async function purge(data: Omit<CachePurged['data'], 'purge_id'>): Promise<void> {
  const stream = 'cache-answers';
  const before = await house.ledger.read(stream);
  const event: CachePurged = { type: 'CachePurged', data: { purge_id: 'pur_1', ...data } };
  const appended = newLedgerEvent(stream, event, `purge-${before.length}`);
  const revision = before.at(-1)?.revision ?? 'no_stream';
  const { ok } = await house.ledger.append(stream, revision, [appended]);
  expect(ok).toBe(true);
}

it('what was spent and what was saved add up to the bill of all calls, on the invoice and in views', async () => {
  const anyTime = { startMs: null, timeZone: null, anchorDay: null };
  await openPeriod(house.closing, { customerId: customer, ...anyTime });
  const client = house.sdk(proxies[1]?.url ?? '', key.secret);
  const first = await ask(proxies[0], 'one');
  expect(first.cache).toBe('miss');
  expect(await ask(proxies[1], 'one')).toEqual({ cache: 'hit', text: first.text });
  // As the official SDK puts a stream together.
  const stream = client.chat.completions.stream({
    ...{ model: 'sim-small', stream_options: { include_usage: true } },
    messages: [{ role: 'user', content: 'one' }],
  });
  const whole = await stream.finalChatCompletion();
  expect(whole.choices[0]?.message.content).toBe(first.text);
  expect(whole.usage?.completion_tokens).toBeGreaterThan(0);
  // Of another customer.
  const stranger = await house.key(await house.customer());
  expect((await ask(proxies[0], 'one', stranger.secret)).cache).toBe('miss');

  const bill = await house.simulator.bill();
  expect(bill).toHaveLength(2);
  const [own = 0n] = bill.map(({ cost }) => parseDecimal12(cost));
  await house.projected();
  const sums = await house.warehouse.query(
    `SELECT type, toString(sum(events)) AS n, toDecimalString(sum(cost), 12) AS cost,
       toDecimalString(sum(saved_cost), 12) AS saved
     FROM tollgate.usage_daily WHERE customer_id = {customer:String} GROUP BY type ORDER BY type`,
    { customer },
  );
  expect(sums).toEqual([
    { type: 'attempt', n: '1', cost: formatDecimal12(own), saved: '0.000000000000' },
    { type: 'cache_hit', n: '2', cost: '0.000000000000', saved: formatDecimal12(2n * own) },
  ]);
  const billing = () => house.ledger.read(`billing-${customer}`);
  const [opened] = await billing();
  const { period_id: periodId } = (opened?.data ?? {}) as { period_id: string };
  const endMs = Date.now();
  const closing = { customerId: customer, periodId, endMs, graceMs: 0 };
  expect((await closePeriod(house.closing, closing)).ok).toBe(true);
  const frozen = (await billing()).find(({ type }) => type === 'SnapshotFrozen');
  const { body } = (frozen?.data ?? {}) as { body: string };
  expect(JSON.parse(body)).toMatchObject({ totals: { cost: formatDecimal12(own), events: 3 } });
});

it('I10: a purge binds every proxy within a second, also one that starts later, and removes the bytes', async () => {
  await ask(proxies[0], 'two');
  // Written behind the call, and for a moment another proxy may not know of it.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await ask(proxies[1], 'two')).cache).toBe('hit');
  await purge({ customer_id: customer, model: null });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await removed();
  expect((await ask(proxies[0], 'two')).cache).toBe('miss');
  expect((await ask(proxies[1], 'two')).cache).toBe('hit');
});

it('answers survive the proxies, and so does what was purged', async () => {
  await ask(proxies[0], 'three');
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await purge({ customer_id: null, model: 'sim-large' });
  proxies = [await startProxy()];
  expect((await ask(proxies[0], 'three')).cache).toBe('hit');
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await purge({ customer_id: null, model: 'sim-small' });
  proxies = [await startProxy()];
  expect((await ask(proxies[0], 'three')).cache).toBe('miss');
});

/** The file has no entry of the customer, as another process finds it. */
async function removed(): Promise<void> {
  const path = join(house.folder, 'answers.sqlite');
  const db = new DatabaseSync(path, { readOnly: true });
  await until('what was purged is removed', async () => {
    const row = db.prepare('SELECT count(*) AS n FROM entry WHERE customer = ?').get(customer);
    return row?.['n'] === 0;
  });
  db.close();
}

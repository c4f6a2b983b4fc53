import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import { priceListsFromOverrides } from '@tollgate/domain/pricing/from-overrides.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

let house: PlatformHouse;
beforeAll(async () => {
  house = await openPlatform();
});
afterAll(() => house.close());

const messages = [{ role: 'user' as const, content: 'What does it cost, and who may know?' }];

/** Publishes prices that are a thousand times as high, from now on. */
async function raisePrices(): Promise<void> {
  const price = { provider: 'simulator', model: 'sim-small', input: '150', output: '600' };
  const [data] = priceListsFromOverrides([{ ...price, tiers: [] }], () => 'test-2');
  const stream = 'price_book-simulator.config';
  const type = 'PriceVersionPublished';
  await house.ledger.append(stream, 0n, [
    { id: ledgerEventId(stream, type, 'test-2'), type, data },
  ]);
}

it('I7: a call is priced as of its start, whatever is published before its end', async () => {
  const key = await house.key(await house.customer());
  const proxy = await house.proxy();
  const sdk = house.sdk(proxy.url, key.secret);
  const request = { model: 'sim-small', messages, max_completion_tokens: 64 };
  const { data: stream, response } = await sdk.chat.completions
    .create({
      ...request,
      stream: true,
      metadata: { sim_output_tokens: '60', sim_token_pace_ms: '50' },
    })
    .withResponse();
  const seen: string[] = [];
  const running = (async () => {
    for await (const _chunk of stream) if (seen.length === 0) seen.push('first chunk');
    seen.push('last chunk');
  })();
  await until('the stream runs', async () => seen.length > 0);
  await raisePrices();
  await until('the new price is in force', async () => {
    const next = await sdk.chat.completions.create(request).withResponse();
    return Number(next.response.headers.get('x-tollgate-cost')) > 0.001;
  });
  seen.push('new price');
  await running;
  await proxy.stop();
  await house.projected();
  const [event] = await house.warehouse.query<{ id: string; cost: string; price_version: string }>(
    `SELECT id, toDecimalString(cost, 12) AS cost, price_version FROM tollgate.usage_events
     WHERE call_id = {call:String}`,
    { call: response.headers.get('x-tollgate-call-id') ?? '' },
  );
  const line = (await house.simulator.bill()).find(({ attempt_id }) => attempt_id === event?.id);
  expect(seen).toEqual(['first chunk', 'new price', 'last chunk']);
  expect([event?.price_version, event?.cost]).toEqual(['test-1', line?.cost]);
});

/** Every file below. The warehouse merges its parts meanwhile: a look that misses one is made again. */
function filesIn(folder: string, looks = 50): [string, Buffer][] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => [file.name, readFileSync(join(file.parentPath, file.name))]);
  } catch (error) {
    if (looks === 0 || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return filesIn(folder, looks - 1);
  }
}

it('I12: no key is in a log line, an answer, a table or a file', async () => {
  const key = await house.key(await house.customer());
  const proxies = [await house.proxy(), await house.proxy('http://127.0.0.1:9/v1')];
  const post = async (url: string, secret: string, body: object | string) => {
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const headers = JSON.stringify(Object.fromEntries(answer.headers));
    return `${answer.status} ${headers} ${await answer.text()}`;
  };
  const good = { model: 'sim-small', messages };
  const [served = '', unreachable = ''] = proxies.map(({ url }) => url);
  const unknownKey = formatKeySecret('test', randomBytes(32));
  const said = [
    await post(served, key.secret, good),
    await post(served, key.secret, '{"model":'),
    await post(served, key.secret, { ...good, model: 'no-such-model' }),
    await post(served, `${key.secret}x`, good),
    await post(served, unknownKey, good),
    await post(unreachable, key.secret, good),
    await (await fetch(`${served}/metrics`)).text(),
  ];
  for (const proxy of proxies) await proxy.stop();
  await house.projected();
  const rows = await house.warehouse.query('SELECT * FROM tollgate.usage_events');
  const places = new Map<string, Buffer>([
    ['answers', Buffer.from(said.join('\n'))],
    ['log lines', Buffer.from(house.messages.join('\n'))],
    ['rows', Buffer.from(JSON.stringify(rows))],
  ]);
  for (const [name, bytes] of filesIn(house.folder)) places.set(name, bytes);
  // Also without prefix and checksum, because the random part alone is the secret.
  const secrets = [key.secret, key.secret.slice(8, -6), unknownKey.slice(8, -6), 'sk-simulator'];
  const found = [...places].flatMap(([place, bytes]) =>
    secrets.flatMap((secret, index) => (bytes.includes(secret) ? [`${place}: ${index}`] : [])),
  );
  const statuses = said.slice(0, -1).map((text) => text.slice(0, 3));
  expect(statuses).toEqual(['200', '400', '404', '401', '401', '502']);
  expect(found).toEqual([]);
});

/**
 * Stored responses by OpenAI's official SDK, through two proxies: whose they are (I10), and that they are
 * billed once, by the simulator's own bill.
 */
import { join } from 'node:path';
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import { foldStream } from '@tollgate/adapters/ledger/read-stream.ts';
import { openSqliteStoredObjects } from '@tollgate/adapters/stored-objects/sqlite-stored-objects.ts';
import { evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import { windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

let house: PlatformHouse;
let urls: string[];
beforeAll(async () => {
  house = await openPlatform();
  const open = () => openSqliteStoredObjects({ path: join(house.folder, 'stored.sqlite') });
  const proxies = [
    await house.proxy(undefined, {}, { storedObjects: open() }),
    await house.proxy(undefined, {}, { storedObjects: open() }),
  ];
  urls = proxies.map(({ url }) => url);
});
afterAll(() => house.close());

/** One client for each proxy. */
async function customer(): Promise<[OpenAI, OpenAI]> {
  const key = await house.key(await house.customer());
  return urls.map(
    (url) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key.secret, maxRetries: 0 }),
  ) as [OpenAI, OpenAI];
}

const asked = { model: 'sim-small', input: 'How much is the fish?', max_output_tokens: 50 };
const said = (error: unknown) => {
  const { status, code, message } = error as { status: number; code: string; message: string };
  return { status, code, message: message.replaceAll(/resp_\w+/g, 'resp_ID') };
};

// litellm#15757, litellm#39548: who knew another user's response id could read it, delete it, or go on from
// it, as long as the id had the provider's own form.
it('I10: another customer’s response is as good as not there, through whichever proxy', async () => {
  const [ours, oursElsewhere] = await customer();
  const [theirs, theirsElsewhere] = await customer();
  const { id } = await ours.responses.create(asked);
  const stream = await ours.responses.create({ ...asked, stream: true });
  let streamed = '';
  for await (const event of stream) {
    if (event.type === 'response.created') streamed = event.response.id;
  }
  for (const known of [id, streamed]) {
    expect((await oursElsewhere.responses.retrieve(known)).id).toBe(known);
    const next = { ...asked, previous_response_id: known };
    expect((await oursElsewhere.responses.create(next)).previous_response_id).toBe(known);
    for (const client of [theirs, theirsElsewhere]) {
      const unknown = 'resp_unknown';
      const asks: ((of: string) => Promise<unknown>)[] = [
        (of) => client.responses.retrieve(of),
        (of) => client.responses.cancel(of),
        (of) => client.responses.delete(of),
        (of) => client.responses.inputItems.list(of),
        (of) => client.responses.create({ ...asked, previous_response_id: of }),
      ];
      for (const ask of asks) {
        const answers = [];
        for (const named of [known, unknown])
          answers.push(said(await ask(named).catch((error) => error)));
        expect(answers[0]).toEqual(answers[1]);
        expect([400, 404]).toContain(answers[0]?.status);
      }
    }
  }
  await oursElsewhere.responses.delete(id);
  expect(said(await ours.responses.retrieve(id).catch((error) => error))).toMatchObject({
    ...{ status: 404, code: 'stored_object_not_found' },
  });
});

// litellm#25015, litellm#17814: every retrieval of a response was billed as if it had been generated again.
it('I1, I2: a response is billed once, however often it is asked for', async () => {
  const [client, elsewhere] = await customer();
  const before = (await house.simulator.bill()).length;
  const { id } = await client.responses.create(asked);
  for (let i = 0; i < 3; i++) await elsewhere.responses.retrieve(id);
  const lines = (await house.simulator.bill()).slice(before);
  expect(lines).toHaveLength(1);
  await until('the call has its row', async () => {
    const rows = await house.warehouse.query<{ id: string; cost: string }>(
      `SELECT id, toDecimalString(cost, 12) AS cost FROM tollgate.usage_events
       WHERE provider_request_id = '${id}'`,
    );
    return rows.length === 1 && rows[0]?.cost === lines[0]?.cost;
  });
});

/** A background response, started through the first proxy. */
async function inBackground(client: OpenAI, more: object = {}) {
  const { id, status } = await client.responses.create({
    ...{ ...asked, background: true, metadata: { sim_output_tokens: '20' } },
    ...more,
  });
  expect(['queued', 'in_progress']).toContain(status);
  return id;
}

async function sums(attempt: string) {
  const [row] = await house.warehouse.query<{ n: string; cost: string; tokens: string }>(
    `SELECT count() AS n, toDecimalString(sum(cost), 12) AS cost,
       toString(sum(output_tokens)) AS tokens
     FROM tollgate.usage_events WHERE id = '${attempt}' OR resolves_id = '${attempt}'`,
  );
  return row;
}

it('I1, I2, I10: a background response is metered once, though the proxy that took it has died and many ask', async () => {
  const key = await house.key(await house.customer());
  const budget = await house.budget(key.id, '100.000000000000');
  const stored = () => openSqliteStoredObjects({ path: join(house.folder, 'stored.sqlite') });
  const nowMs = Date.now();
  const dying = await house.proxy(undefined, {}, { storedObjects: stored() });
  const clients = [dying.url, ...urls].map(
    (url) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key.secret, maxRetries: 0 }),
  ) as [OpenAI, OpenAI, OpenAI];
  const before = (await house.simulator.bill()).length;
  const id = await inBackground(clients[0]);
  await dying.stop();
  const [stranger] = await customer();
  expect(said(await stranger.responses.retrieve(id).catch((error) => error)).status).toBe(404);
  await until('it has ended', async () => {
    const seen = await Promise.all([
      clients[1].responses.retrieve(id),
      clients[2].responses.retrieve(id),
    ]);
    return seen.every(({ status }) => status === 'completed');
  });
  const lines = (await house.simulator.bill()).slice(before);
  expect(lines).toHaveLength(1);
  const [line] = lines as [(typeof lines)[number]];
  await until('the call has its resolution', async () => {
    const row = await sums(line.attempt_id ?? '');
    return row?.n === '2' && row.cost === line.cost && row.tokens === String(line.output_tokens);
  });
  await until('its budget follows', async () => {
    const { startMs } = windowBounds({ window: 'month', time_zone: 'UTC', anchor: null }, nowMs);
    const window = { category: budgetWindowEvents, stream: windowStream(budget, startMs) };
    const { state } = await foldStream(house.ledger, window, evolveAccount, noAccount);
    return formatDecimal12(state.spent) === line.cost;
  });
  // It is gone once it is billed, and not before.
  await clients[1].responses.delete(id);
  expect(house.messages).toEqual([]);
});

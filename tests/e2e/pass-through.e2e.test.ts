/** An endpoint that the configuration opens, to the simulator's bill; and all else below its prefix, which is not sent. */
import { request as send } from 'node:http';
import { passEndpoint } from '@tollgate/proxy/dialects/pass/pass-through.ts';
import { passingOf } from '@tollgate/proxy/dialects/pass/passing.ts';
import { passThrough } from '@tollgate/schemas/config/pass-through-config.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

let house: PlatformHouse;
let url: string;
let secret: string;
beforeAll(async () => {
  house = await openPlatform();
  const rules = passThrough.parse([
    {
      path: '/embeddings',
      usage: { input_tokens: '/usage/prompt_tokens' },
      at_most: { input_tokens: 200_000 },
    },
  ]);
  const passed = rules.map((rule) => passEndpoint(passingOf('simulator', rule, 'bearer')));
  url = (await house.proxy(undefined, {}, { passed })).url;
  const key = await house.key(await house.customer());
  await house.budget(key.id, '100.000000000000');
  secret = key.secret;
});
afterAll(() => house.close());

/** To this very path, which no client has made another of. */
function post(path: string, body: string, key = secret): Promise<[status: number, text: string]> {
  const { hostname, port } = new URL(url);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  return new Promise((resolve, reject) => {
    const asked = send({ hostname, port, path, method: 'POST', headers }, async (answer) => {
      const chunks = await answer.toArray();
      resolve([answer.statusCode ?? 0, Buffer.concat(chunks).toString()]);
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

it('what is passed on is on the bill and in the events, to the pico-dollar', async () => {
  // The second one is so long that it is read in a thread.
  for (const input of ['fish', 'How much is the fish? '.repeat(4_000)]) {
    const [status, text] = await post(
      '/pass/simulator/embeddings',
      JSON.stringify({ model: 'sim-embed', input }),
    );
    expect([status, JSON.parse(text).object]).toEqual([200, 'list']);
  }
  const lines = await house.simulator.bill();
  expect(lines).toHaveLength(2);
  await until('each line of the bill has its row', async () => {
    const rows = await house.warehouse.query<Record<string, string>>(
      `SELECT id, endpoint, usage_source, toString(input_tokens) AS tokens,
       toDecimalString(cost, 12) AS cost FROM tollgate.usage_events WHERE type = 'attempt'`,
    );
    const found = rows.map(({ id, ...row }) => [id, row] as const);
    const billed = lines.map((line) => [
      line.attempt_id,
      {
        ...{ endpoint: 'pass_through/embeddings', usage_source: 'provider' },
        ...{ tokens: String(line.input_tokens), cost: line.cost },
      },
    ]);
    return JSON.stringify(found.sort()) === JSON.stringify(billed.sort());
  });
});

it('nothing else below the prefix is sent, and who has a key is told what may be', async () => {
  const before = (await house.simulator.bill()).length;
  const body = JSON.stringify({ model: 'sim-small', input: 'x', messages: [] });
  for (const path of [
    '/pass/simulator/chat/completions',
    '/pass/simulator/embeddings/../chat/completions',
    '/pass/simulator/embeddings%2F..%2Fchat%2Fcompletions',
    '/pass/simulator/embeddings/',
    '/pass/simulator//embeddings',
    '/pass/simulator/Embeddings',
    '/pass/simulator/..;/embeddings',
    '/pass/other/embeddings',
    '/pass/http://127.0.0.1:1/embeddings',
  ]) {
    const [status, text] = await post(path, body);
    expect([path, status, JSON.parse(text).error.code]).toEqual([path, 404, 'unknown_endpoint']);
    expect(text).toContain('/pass/simulator/embeddings');
  }
  const [status, text] = await post('/pass/simulator/chat/completions', body, 'tg_test_none');
  expect([status, text.includes('simulator')]).toEqual([401, false]);
  // A query would not be sent, and could change what is billed.
  expect((await post('/pass/simulator/embeddings?x=1', body))[0]).toBe(400);
  expect(await house.simulator.bill()).toHaveLength(before);
});

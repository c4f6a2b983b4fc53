/**
 * Azure's older paths on both sides: OpenAI's own client for Azure in front, a provider that takes nothing
 * else behind, and OpenAI's plain client with the same key; all of it is on the provider's bill.
 */
import { createUpstream } from '@tollgate/adapters/provider/upstream.ts';
import { azurePaths } from '@tollgate/proxy/dialects/openai/azure-paths.ts';
import { AzureOpenAI } from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

const API_VERSION = '2024-10-21';
let house: PlatformHouse;
let url: string;
let apiKey: string;
beforeAll(async () => {
  house = await openPlatform();
  const upstream = createUpstream({
    ...{ baseUrl: `${house.simulator.url}/openai`, apiKey: 'azure-key', auth: 'api-key' },
    ...{ connectionsMax: 8, connectTimeoutMs: 2_000 },
    ...{ headersTimeoutMs: 10_000, bodyTimeoutMs: 10_000 },
  });
  url = (await house.proxy(undefined, { upstream, pathOf: azurePaths(API_VERSION) })).url;
  const key = await house.key(await house.customer());
  await house.budget(key.id, '100.000000000000');
  apiKey = key.secret;
});
afterAll(() => house.close());

it('OpenAI’s client for Azure works unchanged, and its calls are on the bill to the pico-dollar', async () => {
  const azure = new AzureOpenAI({ endpoint: url, apiVersion: API_VERSION, apiKey, maxRetries: 0 });
  const fixed = new AzureOpenAI({
    ...{ endpoint: url, apiVersion: API_VERSION, apiKey, maxRetries: 0 },
    deployment: 'sim-large',
  });
  const messages = [{ role: 'user' as const, content: 'How much is the fish?' }];
  const asked = { model: 'sim-small', messages, max_tokens: 50 };
  const whole = await azure.chat.completions.create(asked);
  expect(whole.model).toBe('sim-small');
  // So long that it is read in a thread.
  const long = [{ role: 'user' as const, content: 'How much is the fish? '.repeat(4_000) }];
  const large = await fixed.chat.completions.create({
    ...asked,
    messages: long,
    model: 'whatever',
  });
  expect(large.model).toBe('sim-large');
  const stream = await azure.chat.completions.create({ ...asked, stream: true });
  expect((await Array.fromAsync(stream)).length).toBeGreaterThan(1);
  const vectors = await azure.embeddings.create({ model: 'sim-embed', input: 'fish' });
  expect(vectors.data).toHaveLength(1);
  const plain = await house.sdk(url, apiKey).chat.completions.create(asked);
  expect(plain.model).toBe('sim-small');
  expect((await azure.models.list()).data.map(({ id }) => id)).toContain('sim-small');
  await expect(azure.chat.completions.create({ ...asked, model: 'no-such' })).rejects.toMatchObject(
    { status: 404, code: 'model_not_found' },
  );

  const lines = await house.simulator.bill();
  expect(lines).toHaveLength(5);
  await until('each line of the bill has its row', async () => {
    const rows = await house.warehouse.query<{ id: string; cost: string }>(
      `SELECT id, toDecimalString(cost, 12) AS cost FROM tollgate.usage_events WHERE type = 'attempt'`,
    );
    const costs = new Map(rows.map(({ id, cost }) => [id, cost]));
    return lines.every(({ attempt_id: id, cost }) => costs.get(id ?? '') === cost);
  });
  expect(house.messages).toEqual([]);
});

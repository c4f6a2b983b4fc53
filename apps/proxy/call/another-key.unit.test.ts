/** Calls of a provider with several keys: one that is bad costs its own calls nothing, and no other key. */
import { describe, expect, it, vi } from 'vitest';
import { KeyRing } from '../routing/key-ring.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '../testing/call-stage.ts';
import { CHUNK, chat, DONE, USAGE, usage } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const limits = { breakerFailures: 5, coolDownMs: 5_000, coolDownMsMax: 60_000 };
const OK = JSON.stringify({ id: 'x', usage });
const JSON_TYPE = { 'content-type': 'application/json' };
const SSE = { 'content-type': 'text/event-stream' };

let stage: CallStage;
let client: Client;
const pass = () => vi.advanceTimersByTimeAsync(0);

async function open(names: string, options: StageOptions = {}): Promise<void> {
  stage = await CallStage.open(books(), options);
  const keys = [...names].map((name) => ({ name, weight: 1 }));
  for (const { provider } of stage.route) provider.keys = new KeyRing(keys, limits);
}

async function call(body = chat()): Promise<void> {
  client = stage.call(body);
  await pass();
}

async function answers(status: number, type: Record<string, string>, body: string) {
  const { answer } = stage.last();
  answer.onHeaders(status, type);
  answer.onData(Buffer.from(body));
  answer.onEnd();
  await pass();
}

const refuses = (status: number, head: Record<string, string> = {}) =>
  answers(status, { ...JSON_TYPE, ...head }, '{"error":{"message":"account 7 has no quota"}}');
const keysUsed = () => stage.posts.map(({ key }) => key);
const sent = () =>
  stage.events().map(({ attempt, http_status, cost }) => [attempt, http_status, cost]);
const FREE = '0.000000000000';

describe('a key that its provider refuses', () => {
  // CLIProxyAPI#3975, OmniRoute#14573: one key that was limited took the whole provider down, or was used
  // again at once.
  it.each([401, 402, 403, 429])(
    'with %s is left alone, and its call is made with another one, counted once each',
    async (status) => {
      await open('ab');
      await call();
      await refuses(status);
      await answers(200, JSON_TYPE, OK);
      expect(client.got()).toMatchObject({ status: 200, body: OK });
      expect(client.got()?.headers['x-tollgate-attempts']).toBe('2');
      expect(keysUsed()).toEqual([0, 1]);
      expect(sent()).toEqual([
        [1, status, FREE],
        [2, 200, '0.000000000042'],
      ]);
      await call();
      await answers(200, JSON_TYPE, OK);
      expect(keysUsed()).toEqual([0, 1, 1]);
      expect(stage.held()).toEqual({ held: 0n, spent: 84n });
    },
  );

  it('is given to the client as it came when no other key is left', async () => {
    await open('ab');
    await call();
    await refuses(429);
    await refuses(429, { 'retry-after': '7' });
    expect(client.got()).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
    expect(client.got()?.body).toContain('account 7 has no quota');
    expect(keysUsed()).toEqual([0, 1]);
  });

  it('is tried once for each key at most, although all are back at once', async () => {
    await open('abc');
    for (const { provider } of stage.route) {
      const keys = [...'abc'].map((name) => ({ name, weight: 1 }));
      provider.keys = new KeyRing(keys, { ...limits, coolDownMs: 0, coolDownMsMax: 0 });
    }
    await call();
    for (const status of [429, 401, 429]) await refuses(status);
    expect(client.got()?.status).toBe(429);
    expect(stage.posts).toHaveLength(3);
  });

  it('costs a stream nothing but the wait', async () => {
    await open('ab');
    await call(chat({ stream: true }));
    await refuses(429);
    await answers(200, SSE, CHUNK + USAGE + DONE);
    expect(client.got()).toMatchObject({ status: 200, body: CHUNK + DONE });
  });

  it('is no reason to send again what the provider may bill', async () => {
    await open('ab');
    for (const { provider } of stage.route) provider.notBilledStatuses = new Set();
    await call();
    await refuses(429);
    expect(client.got()?.status).toBe(429);
    expect(stage.posts).toHaveLength(1);
  });

  it('is not to blame for what the request says', async () => {
    await open('ab');
    await call();
    await answers(403, JSON_TYPE, JSON.stringify({ error: { code: 'content_policy_violation' } }));
    expect(stage.posts).toHaveLength(1);
    await call();
    await answers(200, JSON_TYPE, OK);
    await call();
    expect(keysUsed()).toEqual([0, 1, 0]);
  });

  it('nobody waits for any more: its call is not made again', async () => {
    await open('ab');
    await call();
    client.response.destroy();
    await pass();
    await refuses(429);
    expect(stage.posts).toHaveLength(1);
  });
});

describe('behind a route', () => {
  const two: StageOptions = { deployments: [{}, {}], routed: { retries: 0 } };

  it('another key of the same provider comes before another provider, which is not blamed', async () => {
    await open('ab', two);
    await call();
    await refuses(429);
    await answers(200, JSON_TYPE, OK);
    expect(client.got()?.headers['x-tollgate-provider']).toBe('p1');
    await call();
    await answers(200, JSON_TYPE, OK);
    expect(client.got()?.headers['x-tollgate-provider']).toBe('p1');
    expect(keysUsed()).toEqual([0, 1, 1]);
  });

  it('when all keys are refused the next provider answers, and the first one is left alone', async () => {
    await open('ab', two);
    await call();
    await refuses(401);
    await refuses(401);
    await answers(200, JSON_TYPE, OK);
    expect(client.got()?.headers['x-tollgate-provider']).toBe('p2');
    await call();
    await answers(200, JSON_TYPE, OK);
    expect(client.got()?.headers['x-tollgate-provider']).toBe('p2');
  });

  it('the keys that one provider has refused take none from the next one', async () => {
    await open('ab', two);
    await call();
    for (const status of [401, 401, 429]) await refuses(status);
    await answers(200, JSON_TYPE, OK);
    expect(client.got()).toMatchObject({ status: 200, body: OK });
    expect(client.got()?.headers['x-tollgate-provider']).toBe('p2');
    expect(keysUsed()).toEqual([0, 1, 0, 1]);
    expect(stage.held()).toEqual({ held: 0n, spent: 42n });
  });
});

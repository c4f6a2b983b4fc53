/** Equal calls that run at once: one is sent, and what becomes of the others. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import { openSqliteCache } from '@tollgate/adapters/cache/sqlite-cache.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import { answering, chat, connectRaw, gate, post, usage } from '../testing/calls.ts';
import { CachePurges } from './cache-purges.ts';

const openHouse = useCallHouses();
const folder = mkdtempSync(join(tmpdir(), 'tollgate-equal-'));
let store: AnswerCache;
let house: CallHouse;
let asked: number;
beforeAll(async () => {
  store = await openSqliteCache({ path: join(folder, 'a.sqlite'), logger: console });
});
beforeEach(() => {
  asked = 0;
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A name that no other test has answers of. */
let names = 0;

async function open(options: Partial<CallHouseOptions>): Promise<object> {
  const cache = { store, purges: new CachePurges() };
  house = await openHouse({ providers: [], cache, ...options });
  return { seed: ++names };
}

const answer = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
  usage,
});

/** Answers when the gate opens. */
function waiting(opened: Promise<void>, body = answer, status = 200): RequestListener {
  return async (request, response) => {
    asked++;
    await opened;
    answering(status, body)(request, response);
  };
}

const told = async (response: Promise<Response>) => {
  const { status, headers } = await response;
  return `${status} ${headers.get('x-tollgate-cache')}`;
};
const asking = async (calls: number) => {
  while (asked < calls) await new Promise(setImmediate);
};
/** All that there is to be done is done, and the others wait. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 50));

describe('equal calls that run at once', () => {
  it('are one to the provider, and each has its own event', async () => {
    const go = gate();
    const fields = await open({ providers: [waiting(go.opened)] });
    const calls = Array.from({ length: 20 }, (_, i) =>
      told(post(house, chat({ ...fields, stream: i % 2 === 1 }))),
    );
    await asking(1);
    await settled();
    go.open();
    expect((await Promise.all(calls)).toSorted()).toEqual([
      ...Array(19).fill('200 hit'),
      '200 miss',
    ]);
    expect(asked).toBe(1);
    const types = house.events().map(({ type }) => type);
    expect(types.toSorted()).toEqual(['attempt', ...Array(19).fill('cache_hit')]);
    expect(new Set(house.events().map(({ call_id }) => call_id)).size).toBe(20);
  });

  it('that are not equal do not wait for each other', async () => {
    const go = gate();
    const fields = await open({ providers: [waiting(go.opened)] });
    const calls = [{}, { temperature: 0 }, { user: 'other' }].map((more) =>
      told(post(house, chat({ ...fields, ...more }))),
    );
    await asking(2);
    go.open();
    expect((await Promise.all(calls)).toSorted()).toEqual(['200 hit', '200 miss', '200 miss']);
  });

  // remnic PR#2015: the first client's leaving cancelled what the others waited for.
  it('are answered although the client of the one that was sent has left', async () => {
    const go = gate();
    const fields = await open({ providers: [waiting(go.opened)] });
    const first = await connectRaw(house, chat(fields));
    await asking(1);
    const others = [0, 1, 2].map(() => told(post(house, chat(fields))));
    await settled();
    first.destroy();
    await settled();
    go.open();
    expect(await Promise.all(others)).toEqual(['200 hit', '200 hit', '200 hit']);
    expect(asked).toBe(1);
  });

  it('are sent by the next one if that ended the request with it', async () => {
    const go = gate();
    const fields = await open({ providers: [waiting(go.opened)], key: { onDisconnect: 'abort' } });
    const first = await connectRaw(house, chat(fields));
    await asking(1);
    const others = [0, 1, 2].map(() => told(post(house, chat(fields))));
    await settled();
    first.destroy();
    await asking(2);
    await settled();
    go.open();
    expect((await Promise.all(others)).toSorted()).toEqual(['200 hit', '200 hit', '200 miss']);
    expect(asked).toBe(2);
  });

  it('that fail fail by their own provider’s answer, and wait for two others at most', async () => {
    const go = gate();
    const error = '{"error":{"message":"no"}}';
    const fields = await open({ providers: [waiting(go.opened, error, 400)] });
    const calls = Array.from({ length: 5 }, () => told(post(house, chat(fields))));
    await asking(1);
    await settled();
    go.open();
    expect(await Promise.all(calls)).toEqual(Array(5).fill('400 miss'));
    expect(asked).toBe(5);
  });

  it('wait no longer than their bound', async () => {
    const go = gate();
    const limits = { cacheFlightMs: 30 };
    const fields = await open({ providers: [waiting(go.opened)], limits });
    const calls = [0, 1].map(() => told(post(house, chat(fields))));
    await asking(2);
    go.open();
    expect(await Promise.all(calls)).toEqual(['200 miss', '200 miss']);
  });

  it('that waited are of when they are answered or sent: at the price of then', async () => {
    const go = gate();
    const limits = { cacheFlightMs: 300 };
    const fields = await open({ providers: [waiting(go.opened)], limits });
    const calls = [told(post(house, chat(fields)))];
    await asking(1);
    // One of them waits too long and is sent, the other one comes in time.
    calls.push(told(post(house, chat(fields))));
    await settled();
    const [old] = house.route as [(typeof house.route)[0]];
    house.route[0] = { ...old, price: { ...old.price, version: 'v2' } as typeof old.price };
    await asking(2);
    calls.push(told(post(house, chat(fields))));
    await settled();
    house.route[0] = { ...old, price: { ...old.price, version: 'v3' } as typeof old.price };
    go.open();
    expect((await Promise.all(calls)).toSorted()).toEqual(['200 hit', '200 miss', '200 miss']);
    const priced = house.events().map(({ type, price_version }) => `${type} ${price_version}`);
    expect(priced.toSorted()).toEqual(['attempt v1', 'attempt v2', 'cache_hit v3']);
  });

  // Haruki-Sekai-API PR#59: one that was abandoned was waited for by all that came later.
  it('leave nothing behind when they end, and a client has left', async () => {
    const go = gate();
    const fields = await open({ providers: [waiting(go.opened)] });
    const call = told(post(house, chat(fields)));
    await asking(1);
    const left = await connectRaw(house, chat(fields));
    await settled();
    const closing = once(left, 'close');
    left.destroy();
    await closing;
    go.open();
    expect(await call).toBe('200 miss');
    await house.idle();
    expect([house.handler.inFlight, house.cache?.waitedFor, asked]).toEqual([0, 0, 1]);
  });

  it('that are not to be stored, or not to be looked for, wait for nobody', async () => {
    const go = gate();
    const fields = await open({ providers: [waiting(go.opened)] });
    const calls = ['', 'no-cache', 'no-store'].map((control) =>
      told(
        fetch(`${house.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'cache-control': control },
          body: chat(fields),
        }),
      ),
    );
    await asking(3);
    go.open();
    expect(await Promise.all(calls)).toEqual(['200 miss', '200 miss', '200 miss']);
  });
});

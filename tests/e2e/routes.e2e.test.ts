/**
 * Routes over two and three simulated providers, each a process with a bill of its own: the fault matrix
 * F9 to F11. Whatever a provider does, the client gets the right status in bounded time, no other provider is asked once a
 * byte was relayed, and what was recorded is what all of them billed.
 */
import { join } from 'node:path';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { routingFromConfig } from '@tollgate/proxy/from-config.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { NOT_BILLED_STATUSES, tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import {
  type RouteExplanation,
  routeExplanation,
} from '@tollgate/schemas/http/route-explanation.ts';
import { routeTerms } from '@tollgate/schemas/routes/route-terms.ts';
import { type RunningSimulator, startSimulator } from '@tollgate/simulator/start.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

const STALL_MS = 700;
const limits = {
  ...proxyLimits,
  ...{ upstreamHeadersTimeoutMs: STALL_MS, upstreamBodyTimeoutMs: STALL_MS },
  // Each case begins with what no other has learned.
  ...{ coolDownMs: 0, coolDownMsMax: 0 },
};
/** All attempts of a call with three candidates, and some for a slow machine. */
const BOUND_MS = 3 * STALL_MS + 3_000;

let house: PlatformHouse;
let simulators: RunningSimulator[] = [];
let proxy: Awaited<ReturnType<PlatformHouse['start']>>;
let customerId: string;
let key: { id: string; secret: string };

beforeAll(async () => {
  house = await openPlatform();
  const others = ['b', 'c'].map((name) =>
    startSimulator({ billPath: join(house.folder, `bill-${name}.jsonl`) }),
  );
  simulators = [house.simulator, ...(await Promise.all(others))];
  const names = ['a', 'b', 'c'];
  const candidates = names.map((provider) => ({ provider, model: 'sim-small' }));
  const config = tollgateConfig.parse({
    providers: Object.fromEntries(
      simulators.map(({ url }, index) => [
        names[index],
        {
          base_url: `${url}/v1`,
          ...{ catalogue: 'simulator', api_key: { env: 'KEY' } },
          // A simulator can bill a call and answer 500.
          not_billed_statuses: NOT_BILLED_STATUSES.filter((status) => status !== 500),
        },
      ]),
    ),
    routes: {
      two: { candidates: candidates.slice(0, 2) },
      three: { candidates },
      hedged: { candidates: candidates.slice(0, 2), hedge: { after_ms: 150 } },
      able: {
        strategy: 'cheapest',
        candidates: ['sim-large', 'sim-small', 'sim-odd'].map((model) => ({
          model,
          provider: 'b',
        })),
      },
    },
  });
  proxy = await house.start(routingFromConfig(config, limits, { KEY: 'sk-simulator' }), limits);
}, 60_000);
afterAll(async () => {
  await proxy?.stop();
  await Promise.all(simulators.slice(1).map((simulator) => simulator.stop()));
  await house?.close();
});
async function heal(): Promise<void> {
  for (const { url } of simulators) await fetch(`${url}/sim/knobs`, { method: 'DELETE' });
}
beforeEach(async () => {
  await heal();
  customerId = await house.customer();
  key = await house.key(customerId);
});

const knobs = (index: number, set: object) =>
  fetch(`${simulators[index]?.url}/sim/knobs`, { method: 'POST', body: JSON.stringify(set) });

type Told = { status: number; attempts: string | null; provider: string | null; text: string };

async function call(model: string, stream: boolean, more: object = {}): Promise<Told> {
  const messages = [{ role: 'user', content: 'Say something, please.' }];
  const asked = { model, messages, max_tokens: 40, stream, ...more };
  const response = await fetch(`${proxy.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  });
  const header = (name: string) => response.headers.get(`x-tollgate-${name}`);
  const told = {
    status: response.status,
    attempts: header('attempts'),
    provider: header('provider'),
  };
  return { ...told, text: await response.text().catch(() => 'broken') };
}

type Recorded = {
  id: string;
  attempt: number;
  provider: string;
  cost: string | null;
  source: string;
};

/** The customer's events, once `count` of them are there. */
async function recorded(count: number): Promise<Recorded[]> {
  let rows: Recorded[] = [];
  await until(`${count} events`, async () => {
    await house.projected();
    rows = await house.warehouse.query<Recorded>(
      `SELECT id, attempt, provider, toString(cost) AS cost, usage_source AS source
       FROM tollgate.usage_events WHERE customer_id = '${customerId}' ORDER BY time, attempt`,
    );
    return rows.length >= count;
  });
  return rows;
}

/** What all simulators billed, by attempt. */
async function bills(): Promise<Map<string, string>> {
  const all = await Promise.all(simulators.map((simulator) => simulator.bill()));
  return new Map(all.flat().map(({ attempt_id, cost }) => [String(attempt_id), cost]));
}

/** Of each attempt: recorded once, and with the provider's figure wherever that is stated. */
async function agrees(rows: readonly Recorded[]): Promise<void> {
  const billed = await bills();
  for (const { id, cost, source } of rows) {
    if (source === 'provider') expect([id, Number(cost)]).toEqual([id, Number(billed.get(id))]);
    // Not billed by us for nothing: the provider billed nothing either.
    else if (cost !== null && Number(cost) === 0) expect(billed.has(id)).toBe(false);
  }
}

/** Failures before a byte was relayed. */
const BEFORE = [
  ...['status_429', 'status_500', 'status_502', 'status_503', 'status_504', 'status_529'],
  ...['bill_then_500', 'reset_after:0', 'stall_after:0'],
];

describe('F9: an upstream that fails', () => {
  it.each(BEFORE)(
    '%s: the next one answers, in bounded time, and all is settled',
    async (fault) => {
      for (const stream of [false, true]) {
        await knobs(0, { fault });
        const startedAtMs = performance.now();
        const told = await call('two', stream);
        expect(performance.now() - startedAtMs).toBeLessThan(BOUND_MS);
        expect([fault, stream, told.status, told.attempts, told.provider]).toEqual([
          ...[fault, stream, 200, '2', 'b'],
        ]);
        await heal();
      }
      const rows = await recorded(4);
      expect(rows.map(({ attempt, provider }) => `${attempt}${provider}`)).toEqual([
        ...['1a', '2b', '1a', '2b'],
      ]);
      await agrees(rows);
    },
  );

  it.each(['status_503', 'reset_after:0', 'stall_after:0'])(
    '%s at two of three: the third one answers; at all: the last one’s failure',
    async (fault) => {
      for (const index of [0, 1]) await knobs(index, { fault });
      expect(await call('three', false)).toMatchObject({
        status: 200,
        attempts: '3',
        provider: 'c',
      });
      await heal();
      for (const index of [0, 1, 2]) await knobs(index, { fault });
      const told = await call('three', false);
      expect([told.status >= 502, told.attempts]).toEqual([true, '3']);
      const rows = await recorded(6);
      expect(rows.map(({ provider }) => provider)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
      await agrees(rows);
    },
  );

  it.each(['reset_after:1500', 'stall_after:1500'])(
    '%s in a stream: bytes were relayed, so nobody else is asked',
    async (fault) => {
      await knobs(0, { fault, output_tokens: 40 });
      const told = await call('three', true);
      expect([told.status, told.attempts, told.text]).toEqual([200, '1', 'broken']);
      const rows = await recorded(1);
      expect(rows.map(({ provider, source }) => [provider, source])).toEqual([['a', 'none']]);
      // Nobody else has billed anything for it.
      expect(
        (await simulators[1]?.bill())?.some(({ attempt_id }) => attempt_id === rows[0]?.id),
      ).toBe(false);
    },
  );

  it.each(['malformed_sse', 'usage_missing'])(
    'F11 %s: the client gets the bytes, and no other provider is asked',
    async (fault) => {
      await knobs(0, { fault });
      const told = await call('two', true);
      expect([told.status, told.provider]).toEqual([200, 'a']);
      expect((await recorded(1)).length).toBe(1);
    },
  );

  it('F10 a client that leaves while one fails: nobody else is asked for it', async () => {
    await knobs(0, { fault: 'status_503', latency_ms: 300 });
    const leaving = new AbortController();
    const asked = fetch(`${proxy.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'two', messages: [{ role: 'user', content: 'x' }] }),
      signal: leaving.signal,
    });
    setTimeout(() => leaving.abort(), 100);
    await expect(asked).rejects.toThrow();
    const rows = await recorded(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await recorded(1)).map(({ provider }) => provider)).toEqual(['a']);
    await agrees(rows);
  });
});

describe('a hedged route', () => {
  it('I3: what both attempts cost is recorded: as billed, or as unknown and charged at the hold', async () => {
    await house.budget(key.id, '1.000000000000');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await knobs(0, { latency_ms: 2_000 });
    for (const stream of [false, true]) {
      const told = await call('hedged', stream);
      expect([told.status, told.provider, told.attempts]).toEqual([200, 'b', '2']);
    }
    const rows = await recorded(4);
    expect(rows.map(({ attempt, provider, cost }) => [attempt, provider, cost === null])).toEqual([
      ...[1, 2].flatMap(() => [
        [1, 'a', true],
        [2, 'b', false],
      ]),
    ]);
    await agrees(rows);
    // What is billed by the one that was given up is at most what its hold says.
    const billed = await bills();
    const sum = rows.reduce((total, { id }) => total + Number(billed.get(id) ?? 0), 0);
    const stated = rows.reduce((total, { cost }) => total + Number(cost ?? 0.00007), 0);
    expect(sum).toBeLessThanOrEqual(stated);
  });
});

describe('a route of the configuration', () => {
  it('cheapest: goes to the cheapest that can, and is listed as a model', async () => {
    const told = await call('able', false);
    expect(told).toMatchObject({ status: 200, provider: 'b' });
    await recorded(1);
    const [row] = await house.warehouse.query<{ served: string }>(
      `SELECT deployment AS served FROM tollgate.usage_events WHERE customer_id = '${customerId}'`,
    );
    expect(row).toEqual({ served: 'b/sim-small' });
    const models = await fetch(`${proxy.url}/v1/models`, {
      headers: { authorization: `Bearer ${key.secret}` },
    });
    const { data } = (await models.json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(['able', 'two', 'sim-small']));
  });

  it('I3: with room for one hold, the second attempt is refused and never sent', async () => {
    await knobs(0, { fault: 'reset_after:0' });
    // The worst case of this request, and not twice that.
    await house.budget(key.id, '0.000070000000');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const told = await call('two', false);
    expect([told.status, told.attempts]).toEqual([502, '1']);
    expect((await recorded(1)).map(({ provider }) => provider)).toEqual(['a']);
  });
});

describe('a route of the ledger', () => {
  /** Appends as `POST /v1/routes` does. */
  async function publish(version: number, model: string, startsInMs = 0): Promise<void> {
    const terms = routeTerms.parse({ candidates: [{ model, provider: 'b' }] });
    const data = {
      ...{ route: 'dated', version, terms, published_at: new Date().toISOString() },
      effective_from: new Date(Date.now() + startsInMs).toISOString(),
    };
    const event = newLedgerEvent('route-dated', { type: 'RoutePublished', data }, `v${version}`);
    const before = await house.ledger.read('route-dated');
    const revision = before.at(-1)?.revision ?? 'no_stream';
    expect((await house.ledger.append('route-dated', revision, [event])).ok).toBe(true);
  }

  async function explained(body: object): Promise<{ status: number; json: RouteExplanation }> {
    const response = await fetch(`${proxy.url}/v1/routes/explain`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], ...body }),
    });
    return { status: response.status, json: (await response.json()) as RouteExplanation };
  }

  it('is in force within a second, and a version from its date on', async () => {
    expect((await call('dated', false)).status).toBe(404);
    await publish(1, 'sim-small');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await explained({ model: 'dated' })).json.order).toEqual(['b/sim-small']);
    const startsInMs = 1_500;
    await publish(2, 'sim-large', startsInMs);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await explained({ model: 'dated' })).json.version).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, startsInMs));
    expect((await explained({ model: 'dated' })).json.version).toBe(2);
    expect((await call('dated', false)).status).toBe(200);
    // The refusal before it was published is an event too.
    await recorded(2);
    const rows = await house.warehouse.query(
      `SELECT deployment FROM tollgate.usage_events WHERE customer_id = '${customerId}' AND type = 'attempt'`,
    );
    expect(rows).toEqual([{ deployment: 'b/sim-large' }]);
  });

  it('is explained: what would be tried, what the others lack, what it would cost and hold', async () => {
    await house.budget(key.id, '1.000000000000');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const { status, json } = await explained({ model: 'able', max_tokens: 10 });
    expect([status, routeExplanation.parse(json).order]).toEqual([
      200,
      ['b/sim-small', 'b/sim-odd', 'b/sim-large'],
    ]);
    const [large, small] = json.candidates;
    expect(Number(large?.worst_case)).toBeGreaterThan(Number(small?.worst_case));
    expect(json.holds).toEqual([
      { scope: 'key', window: 'month', unit: 'usd', amount: small?.worst_case },
    ]);
    const unable = await explained({ model: 'able', tools });
    expect([unable.json.order, unable.json.refused, unable.json.holds]).toEqual([
      ...[[], 'no_able_model', null],
    ]);
    expect(unable.json.candidates[0]?.lacks).toEqual([
      { what: 'tools', needed: 'true', known: null, sure: true },
    ]);
    expect((await explained({ model: 'sim-small' })).status).toBe(404);
    // It is no call: nothing of it is recorded, sent or billed.
    await house.projected();
    const rows = await house.warehouse.query(
      `SELECT id FROM tollgate.usage_events WHERE customer_id = '${customerId}'`,
    );
    expect(rows).toEqual([]);
  });
});

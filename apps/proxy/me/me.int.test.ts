/** What a key is told of itself, by the app on a real ledger: its own limits, and nothing of others. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import { LedgerFollower } from '@tollgate/adapters/ledger/follower.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { windowStream } from '@tollgate/domain/budget/window.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { me } from '@tollgate/schemas/http/me.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildProxy, type ProxyAppOptions } from '../app.ts';
import { BudgetBook, type HoldOutcome } from '../budget/budget-book.ts';
import { LedgerFreshness } from '../ledger-view/freshness.ts';
import { LedgerView, ledgerViewPrefixes } from '../ledger-view/ledger-view.ts';
import { type ProxyLimits, proxyLimits } from '../limits.ts';
import { defineBudget, wanted } from '../testing/budget-house.ts';
import { memoryRateBook, rateCall, rateLimit } from '../testing/rate-house.ts';

type House = Awaited<ReturnType<typeof openMeHouse>>;
let house: House;
beforeEach(async () => {
  house = await openMeHouse();
});
afterEach(() => house.close());

async function openMeHouse(changed: Partial<ProxyLimits> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-me-'));
  const secrets = openSecrets(join(folder, 'secrets.json'));
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const limits = { ...proxyLimits, meKeptMs: 0, ...changed };
  const directory = new LedgerView(16);
  const follower = new LedgerFollower({
    ...{ ledger, prefixes: ledgerViewPrefixes, retryMs: limits.ledgerRetryMs },
    apply: (event) => directory.apply(event),
    onLost: () => undefined,
  });
  const freshness = new LedgerFreshness(follower, limits);
  let leases = 0;
  const budgets = new BudgetBook({
    ...{ ledger, limits, instanceId: 'ins_1', newLeaseId: () => `lse_${++leases}` },
    journal: { write: async () => undefined },
    onError: (error) => {
      throw error;
    },
  });
  const rates = memoryRateBook();
  const asked: string[] = [];
  const failures: unknown[] = [];
  let isAway = false;
  const usage = [
    {
      ...{ window: 'month', time_zone: 'UTC', window_start: '2026-11-01T00:00:00.000Z' },
      ...{ window_end: null, cost: '0.000000000000', models: [] },
    },
  ];
  const app = buildProxy({
    deps: {
      ...{ directory, secrets, limits, budgets, rates, follower: freshness },
      ledger: {
        read: (...asks: Parameters<typeof ledger.read>) => {
          if (isAway) throw new Error('the ledger is away');
          return ledger.read(...asks);
        },
      },
      deployments: {
        providers: [],
        configuredNames: () => ['m-1'],
        find: () => ({ provider: { name: 'up' } }),
      },
      ownUsage: async (secret: string) => {
        asked.push(secret);
        return usage;
      },
      onRefused: () => undefined,
      onMeFailed: (error: unknown) => failures.push(error),
    },
    calls: { admit: () => null },
    metrics: async () => '',
    health: async () => ({ ready: true, checks: {} }),
    logger: { error: () => undefined },
  } as unknown as ProxyAppOptions);
  await follower.start();

  const append = (stream: string, type: string, data: object) =>
    ledger.append(stream, 'no_stream', [{ id: `${stream}-${type}`, type, data }]);
  return {
    ...{ ledger, directory, budgets, rates, asked, failures, freshness },
    lose: () => {
      isAway = true;
    },
    /** @returns its secret */
    async issue(keyId: string, customerId: string, teamId: string | null): Promise<string> {
      const secret = formatKeySecret('live', Buffer.from(keyId.padEnd(32, '.')));
      await append(`key-${keyId}`, 'KeyIssued', {
        ...{ key_id: keyId, customer_id: customerId, team_id: teamId, name: `name of ${keyId}` },
        ...{ environment: 'live', tags: { app: keyId }, on_disconnect: 'drain' },
        ...{ expires_at: null, last_four: secret.slice(-4), ...secrets.digestKey(secret) },
      });
      return secret;
    },
    limit: (id: string, fields: object) =>
      append(`rate_limit-${id}`, 'RateLimitDefined', {
        ...{ rate_limit_id: id, measure: 'requests', per: 'minute', limit: 10 },
        ...{ smoothing: false, when_store_is_away: 'closed' },
        ...fields,
      }),
    async ask(secret?: string, named: Record<string, string> = {}) {
      await freshness.catchUp();
      const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}`, ...named };
      return app.inject({ method: 'GET', url: '/v1/me', headers });
    },
    async close() {
      await budgets.stop();
      await app.close();
      await follower.stop();
      await ledger.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const told = async (secret: string, headers?: Record<string, string>) =>
  me.parse((await house.ask(secret, headers)).json());

/** Nothing is taken of the next minute yet: what looks at this one must end before it. */
async function startOfWindow(): Promise<void> {
  const leftMs = 60_000 - (Date.now() % 60_000);
  if (leftMs < 5_000) await sleep(leftMs);
}

describe('GET /v1/me', () => {
  // BerriAI/litellm#30550: a key's view said "unlimited" although its team's budget bound it.
  it('names every limit on the path of the key, by its scope alone', async () => {
    const mine = await house.issue('key_a', 'cus_a', 'team_a');
    await house.issue('key_b', 'cus_b', 'team_b');
    const scopes = { key: 'key_a', team: 'team_a', customer: 'cus_a' } as const;
    for (const [type, id] of Object.entries(scopes)) {
      const scope = { type, id } as { type: 'key'; id: string };
      await defineBudget(house.ledger, `bud_${type}`, { scope, window: 'day' });
      await house.limit(`rtl_${type}`, { scope });
    }
    await defineBudget(house.ledger, 'bud_b', { scope: { type: 'key', id: 'key_b' } });
    await house.limit('rtl_b', { scope: { type: 'customer', id: 'cus_b' } });
    const answer = await house.ask(mine);
    const { budgets, rate_limits, key, models, usage } = me.parse(answer.json());
    expect(budgets.map(({ scope }) => scope)).toEqual(['key', 'team', 'customer']);
    expect(rate_limits.map(({ scope }) => scope)).toEqual(['key', 'team', 'customer']);
    expect(budgets[0]).toMatchObject({
      ...{ unit: 'usd', window: 'day', limit: '0.000000016000', spent: '0.000000000000' },
      ...{ remaining: '0.000000016000', exhausted: false },
      resets_at: expect.stringMatching(/T00:00:00\.000Z$/),
    });
    expect([key.id, models, usage?.length]).toEqual(['key_a', ['m-1'], 1]);
    expect(answer.body).not.toMatch(/team_a|cus_a|bud_|rtl_|name of|(key|cus|team)_b/);
    expect(house.asked).toEqual([mine]);
  });

  it('I10: of a budget that customers share it says only whether it can pay', async () => {
    const secret = await house.issue('key_a', 'cus_a', null);
    const scope = { type: 'installation', id: 'installation' } as const;
    const definition = await defineBudget(house.ledger, 'bud_all', { scope });
    expect((await told(secret)).budgets).toMatchObject([
      {
        ...{ scope: 'installation', limit: null, spent: null, reserved: null, remaining: null },
        exhausted: false,
      },
    ]);
    await house.budgets.hold([wanted(definition, 16_000n)], Date.now());
    expect((await told(secret)).budgets).toMatchObject([{ remaining: null, exhausted: true }]);
  });

  it('tells what is spent, reserved and left: slices that no call here uses are left', async () => {
    const secret = await house.issue('key_1', 'cus_a', null);
    const definition = await defineBudget(house.ledger, 'bud_1');
    const held = await house.budgets.hold([wanted(definition, 100n)], Date.now());
    const amounts = async () => {
      const { spent, reserved, remaining } = (await told(secret)).budgets[0] ?? {};
      return { spent, reserved, remaining };
    };
    const said = (spent: bigint, reserved: bigint) => ({
      ...{ spent: formatDecimal12(spent), reserved: formatDecimal12(reserved) },
      remaining: formatDecimal12(16_000n - spent - reserved),
    });
    expect(await amounts()).toEqual(said(0n, 100n));
    const { holds } = held as Extract<HoldOutcome, { kind: 'held' }>;
    for (const { account, parts } of holds) account.release(parts, [60n]);
    expect(await amounts()).toEqual(said(60n, 0n));
    const stream = windowStream('bud_1', 0);
    const last = (await house.ledger.read(stream)).at(-1)?.revision ?? 0n;
    const grant = { lease_id: 'lse_x', instance_id: 'ins_2', amount: formatDecimal12(5_000n) };
    await house.ledger.append(stream, last, [{ id: 'g', type: 'LeaseGranted', data: grant }]);
    expect(await amounts()).toEqual(said(60n, 5_000n));
  });

  it('of a budget per end user it tells what is left of the one who is named, else no amount', async () => {
    const secret = await house.issue('key_1', 'cus_a', null);
    const definition = await defineBudget(house.ledger, 'bud_1', { per: 'end_user' });
    await house.budgets.hold([wanted(definition, 100n, endUserDigest('anna'))], Date.now());
    await house.budgets.hold([wanted(definition, 7n, endUserDigest(null))], Date.now());
    const of = async (headers?: Record<string, string>) => (await told(secret, headers)).budgets[0];
    const left = { per: 'end_user', limit: '0.000000016000', exhausted: false };
    expect(await of()).toMatchObject({
      ...{ per: 'end_user', limit: '0.000000016000', spent: null, reserved: null },
      ...{ remaining: null, exhausted: null },
    });
    expect(await of({ 'x-tollgate-end-user': 'anna' })).toMatchObject({
      ...left,
      ...{ reserved: '0.000000000100', remaining: '0.000000015900' },
    });
    expect(await of({ 'x-tollgate-end-user': 'ben' })).toMatchObject({
      ...left,
      ...{ reserved: '0.000000000000', remaining: '0.000000016000' },
    });
  });

  it('I10: tells of each end user by itself, however soon another is asked about', async () => {
    await house.close();
    house = await openMeHouse({ meKeptMs: 60_000 });
    const secret = await house.issue('key_1', 'cus_a', null);
    const definition = await defineBudget(house.ledger, 'bud_1', { per: 'end_user' });
    await house.budgets.hold([wanted(definition, 16_000n, endUserDigest('anna'))], Date.now());
    const isExhausted = async (endUser: string) =>
      (await told(secret, { 'x-tollgate-end-user': endUser })).budgets[0]?.exhausted;
    expect([await isExhausted('anna'), await isExhausted('ben')]).toEqual([true, false]);
  });

  it('tells what is left of a rate as it was last seen, and takes nothing of it', async () => {
    const secret = await house.issue('key_1', 'cus_a', null);
    await house.limit('rtl_1', { scope: { type: 'key', id: 'key_1' } });
    await house.limit('rtl_2', { scope: { type: 'end_user', of: 'key', id: 'key_1' } });
    expect((await told(secret)).rate_limits).toMatchObject([
      { remaining: 10, resets_at: null },
      { scope: 'end_user', limit: 10, remaining: null },
    ]);
    await startOfWindow();
    await house.rates.admit(rateCall([rateLimit()]));
    for (const _ of [1, 2]) {
      expect((await told(secret)).rate_limits[0]).toMatchObject({
        remaining: 9,
        resets_at: expect.stringMatching(/:00\.000Z$/),
      });
    }
  });

  it('I10: gives nobody the answer of another, however soon it asks', async () => {
    await house.close();
    house = await openMeHouse({ meKeptMs: 60_000 });
    const secrets = [
      await house.issue('key_a', 'cus_a', null),
      await house.issue('key_b', 'cus_b', null),
    ];
    const ids = await Promise.all(secrets.map(async (secret) => (await told(secret)).key.id));
    expect(ids).toEqual(['key_a', 'key_b']);
    for (const secret of secrets) await told(secret);
    expect(house.asked).toEqual(secrets);
  });

  it('is for keys alone, and says so where the ledger cannot be read', async () => {
    expect((await house.ask()).json()).toMatchObject({ error: { code: 'missing_api_key' } });
    const secret = await house.issue('key_1', 'cus_a', null);
    await defineBudget(house.ledger, 'bud_1');
    house.lose();
    const answer = await house.ask(secret);
    expect([answer.statusCode, answer.json(), house.failures.map(String)]).toMatchObject([
      ...[503, { error: { code: 'ledger_unavailable' } }, ['Error: the ledger is away']],
    ]);
  });
});

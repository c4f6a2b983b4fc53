/** What an operator sees of attempts that nobody has stated, and what a ruling does. */
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { RunningProcess } from '@tollgate/adapters/ledger/process-manager.ts';
import type { BudgetWindowEvent } from '@tollgate/domain/budget/budget-events.ts';
import { windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import {
  noQuantities,
  toEventQuantities,
  unknownQuantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { attempt, type House } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startResolver } from '../../reconciliation/resolver.ts';
import { ResourceIndex } from '../../resources/resource-index.ts';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

const HOUR_MS = 3_600_000;
// Long enough ago for a bill of the hour to reach beyond it.
const START_MS = Date.now() - 3 * HOUR_MS;
const at = (ms: number) => new Date(ms).toISOString();
/** Months from the day before, so that the attempts are of the window of now, also on the first of a month. */
const ANCHOR = at(START_MS - 24 * HOUR_MS).slice(0, 10);
const RANGE = { start: at(START_MS), end: at(START_MS + HOUR_MS) };

let house: ApiHouse;
let stores: House;
let projector: Awaited<ReturnType<House['start']>>;
let index: ResourceIndex;
let resolver: RunningProcess;
let warehouseIs: 'there' | 'away' | 'silent' = 'there';
/** What the resolver finds in the warehouse. */
let isRebuilding = false;
beforeAll(async () => {
  house = await openApiHouse({
    between: (warehouse) => ({
      ...warehouse,
      query: async (sql, params) => {
        if (warehouseIs === 'away') throw new Error('no connection');
        if (warehouseIs === 'silent') return await new Promise(() => undefined);
        return await warehouse.query(sql, params);
      },
    }),
  });
  stores = house.stores;
  projector = await stores.start('p1');
  const { ledger, log } = stores;
  const warehouse: House['warehouse'] = {
    ...stores.warehouse,
    query: async (sql, params) => (isRebuilding ? [] : await stores.warehouse.query(sql, params)),
  };
  index = new ResourceIndex({
    ledger,
    retryMs: { first: 50, max: 2_000 },
    onLost: () => undefined,
  });
  await index.start();
  resolver = startResolver({
    ...{ ledger, log, warehouse, pollMs: 20, batchEvents: 2 },
    imports: () => index.imports.all().map(({ state }) => state),
    onError: () => undefined,
  });
});
afterAll(async () => {
  await resolver.stop();
  await index.stop();
  await projector.stop();
  await house.close();
});

type Current = { spent: string; unresolved: Record<string, unknown> | null };

/** A budget in whose current window each of these attempts was charged its hold of one dollar. */
async function charged(provider: string, statuses: UsageEvent['status'][]) {
  const { json: customer } = await house.post<{ id: string }>('/v1/customers', { name: 'c' });
  const { json: key } = await house.post<{ id: string }>('/v1/keys', {
    ...{ customer_id: customer.id, name: 'k' },
  });
  const { json: budget } = await house.post<{ id: string }>('/v1/budgets', {
    ...{ scope: { type: 'key', id: key.id }, window: 'month', anchor: ANCHOR, limit: '100' },
  });
  const rule = { window: 'month', time_zone: 'UTC', anchor: ANCHOR } as const;
  const { startMs } = windowBounds(rule, Date.now());
  const window = windowStream(budget.id, startMs);
  const limit = '100.000000000000';
  const events: BudgetWindowEvent[] = [
    {
      type: 'WindowOpened',
      data: {
        ...{ budget_id: budget.id, window_start: at(startMs), window_end: null },
        ...{ limit, definition_revision: '0' },
      },
    },
  ];
  const attempts = statuses.map((status, index) => {
    const [lease_id, one] = [`lse_${provider}_${index}`, '1.000000000000'];
    events.push(
      { type: 'LeaseGranted', data: { lease_id, instance_id: 'ins_1', amount: one } },
      { type: 'LeaseSettled', data: { lease_id, spent: one } },
    );
    const holds = {
      hold_lease_ids: [lease_id],
      hold_amounts: [one],
      hold_units: ['usd'],
      budget_windows: [window],
    };
    const unknown = { ...unknownQuantities(), usage_source: 'none', cost: null } as const;
    const fields = { ...unknown, ...holds, status, provider, key_id: key.id };
    return attempt({ ...fields, customer_id: customer.id }, START_MS + index * 1_000);
  });
  await stores.ledger.append(
    window,
    'no_stream',
    events.map((event, index) => newLedgerEvent(window, event, String(index))),
  );
  await stores.append(attempts);
  await projector.caughtUp();
  const current = async () =>
    (await house.get<{ current: Current }>(`/v1/budgets/${budget.id}`)).json.current;
  return { attempts, budgetId: budget.id, current };
}

async function spentBecomes(current: () => Promise<Current>, spent: string): Promise<void> {
  await expect.poll(async () => (await current()).spent, { timeout: 20_000 }).toBe(spent);
}

const rule = (body: object) =>
  house.post<Record<string, unknown>>('/v1/resolutions', { ...RANGE, reason: 'ours', ...body });

it('a budget shows what our own failures charge it, and an operator releases them at once', async () => {
  const { attempts, budgetId, current } = await charged('p-own', ['unknown', 'timeout', 'unknown']);
  const [first] = attempts;
  expect(await current()).toMatchObject({
    spent: '3.000000000000',
    unresolved: {
      attempts: 3,
      amount: '3.000000000000',
      oldest_at: first?.time,
      own_failures: { attempts: 2, amount: '2.000000000000' },
    },
  });
  const filter = { provider: 'p-own', rule: 'not_billed', status: 'unknown', budget_id: budgetId };
  const said = { attempts: 2, released: { usd: '2.000000000000' }, more: false };
  expect(await rule({ ...filter, dry_run: true })).toMatchObject({
    status: 201,
    json: { ...said, import_id: null },
  });
  expect(await rule(filter)).toMatchObject({ status: 201, json: said });
  await spentBecomes(current, '1.000000000000');
  expect((await current()).unresolved).toMatchObject({
    attempts: 1,
    amount: '1.000000000000',
    own_failures: { attempts: 0, amount: '0.000000000000' },
  });
  expect(await rule(filter)).toMatchObject({ json: { attempts: 0, import_id: null } });
});

it('a total resolves what is unknown only if it leaves nothing for it, to the last digit', async () => {
  const { current } = await charged('p-sum', ['timeout', 'upstream_error']);
  await stores.append([
    attempt({ provider: 'p-sum', cost: '0.250000000001' }, START_MS + 10_000),
    attempt({ provider: 'p-sum', cost: '0.500000000000' }, START_MS + 2 * HOUR_MS),
  ]);
  await projector.caughtUp();
  const total = { provider: 'p-sum', rule: 'total' };
  expect(await rule({ ...total, total_cost: '0.25' })).toMatchObject({
    status: 409,
    json: { code: 'total_differs', detail: 'known: 0.250000000001' },
  });
  expect(await rule(total)).toMatchObject({ status: 422, json: { code: 'total_required' } });
  const ofOneStatus = { ...total, total_cost: '0', status: 'timeout' };
  expect(await rule(ofOneStatus)).toMatchObject({ status: 422 });
  expect((await current()).spent).toBe('2.000000000000');
  const exact = { ...total, total_cost: '0.250000000001' };
  expect(await rule(exact)).toMatchObject({ status: 201, json: { attempts: 2 } });
  await spentBecomes(current, '0.000000000000');
});

it('a bill that comes after a ruling is accepted, and lists what it says otherwise', async () => {
  const { attempts, current } = await charged('p-late', ['unknown', 'timeout']);
  const [ruled, billed] = attempts as [UsageEvent, UsageEvent];
  await rule({ provider: 'p-late', rule: 'not_billed', status: 'unknown' });
  const used = toEventQuantities({ ...noQuantities(), inputTokens: 7, requests: 1 });
  const bill = await house.post('/v1/reconciliations', {
    provider: 'p-late',
    ...RANGE,
    bill_start: at(START_MS - HOUR_MS),
    bill_end: at(START_MS + 2 * HOUR_MS),
    lines: [ruled, billed].map(({ id }) => ({ attempt_id: id, ...used, cost: '0.250000000000' })),
  });
  expect(bill.status).toBe(201);
  await spentBecomes(current, '0.250000000000');
  // And a ruling leaves alone what a bill has decided.
  expect(await rule({ provider: 'p-late', rule: 'not_billed' })).toMatchObject({
    json: { attempts: 0 },
  });
  const again = await house.post<{ differing: string[] }>('/v1/reconciliations', {
    provider: 'p-late',
    ...RANGE,
    bill_start: at(START_MS - HOUR_MS),
    bill_end: at(START_MS + 2 * HOUR_MS),
    lines: [ruled, billed].map(({ id }) => ({ attempt_id: id, ...used, cost: '0.250000000000' })),
  });
  expect([again.status, again.json.differing]).toEqual([201, [ruled.id]]);
});

it('a ruling waits for attempts that a warehouse lacks while it is rebuilt', async () => {
  const { current } = await charged('p-rebuilt', ['unknown']);
  isRebuilding = true;
  try {
    expect(await rule({ provider: 'p-rebuilt', rule: 'not_billed' })).toMatchObject({
      json: { attempts: 1 },
    });
    const seen = () => index.imports.all().some(({ state }) => state.provider === 'p-rebuilt');
    await expect.poll(seen).toBe(true);
    // Several looks of the resolver.
    await new Promise((resolve) => setTimeout(resolve, 300));
  } finally {
    isRebuilding = false;
  }
  await spentBecomes(current, '0.000000000000');
});

it('a ruling about attempts that have not started is refused', async () => {
  const range = { start: at(Date.now()), end: at(Date.now() + HOUR_MS) };
  const answer = await rule({ provider: 'p-own', rule: 'not_billed', ...range });
  expect(answer).toMatchObject({ status: 422, json: { code: 'bill_range_not_past' } });
});

it.each(['away', 'silent'] as const)(
  'a budget is answered while the warehouse is %s, and says what it cannot tell',
  async (how) => {
    const { current } = await charged(`p-${how}`, ['unknown']);
    warehouseIs = how;
    try {
      expect(await current()).toMatchObject({ spent: '1.000000000000', unresolved: null });
    } finally {
      warehouseIs = 'there';
    }
  },
);

/** Soft budgets and what is charged for unknown usage, on the real warehouse. */
import { windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import { perQuantity } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { attempt, type House, openHouse } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlarmHouse, openAlarmHouse, until } from '../testing/alarm-house.ts';

let stores: House;
let house: AlarmHouse;
let projector: Awaited<ReturnType<House['start']>>;
beforeAll(async () => {
  stores = await openHouse();
  house = await openAlarmHouse(stores);
  projector = await stores.start('p1');
  house.watch();
});
afterAll(async () => {
  await house.close();
  await projector.stop();
  await stores.close();
});

const use = (fields: Partial<UsageEvent>, atMs?: number) => stores.append([attempt(fields, atMs)]);
const of = (budgetId: string) =>
  house.index.alarms().filter(({ budget_id }) => budget_id === budgetId);
const raised = (budgetId: string) =>
  of(budgetId).map(({ kind, threshold }) => (threshold === null ? kind : threshold));
const soft = (fields: Parameters<AlarmHouse['budget']>[0]) =>
  house.budget({ enforcement: 'soft', limit: '10.000000000000', ...fields });

describe('a soft budget', () => {
  // BerriAI/litellm#35800: a soft budget of a single key never alarmed. BerriAI/litellm#27398: one of a
  // team alarmed once for each of its keys.
  it('of a key, a team, a customer or all raises once what their usage reaches', async () => {
    const customer_id = 'cus_soft';
    const keys = { a: { customer_id, key_id: 'key_a', team_id: 'team_a' } };
    const other = { customer_id, key_id: 'key_b', team_id: 'team_a' };
    const budgets = {
      key: await soft({ scope: { type: 'key', id: 'key_a' } }),
      team: await soft({ scope: { type: 'team', id: 'team_a' }, window: 'month' }),
      customer: await soft({
        scope: { type: 'customer', id: customer_id },
        limit: '20.000000000000',
      }),
      installation: await soft({ scope: { type: 'installation', id: 'installation' } }),
      none: await soft({ scope: { type: 'key', id: 'key_c' } }),
    };
    await use({ ...keys.a, cost: '4.000000000000' });
    await use({ ...other, cost: '4.500000000000' });
    await until('the team is warned', () => raised(budgets.team).includes(80));
    await use({ ...keys.a, cost: '1.000000000000' });
    await until('the key is warned', () => raised(budgets.key).includes(50));
    await until('all are warned', () => raised(budgets.installation).includes(95));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const thresholds = (id: string) => raised(id).filter((one) => typeof one === 'number');
    expect(Object.values(budgets).map(thresholds)).toEqual([
      ...[[50], [50, 80, 95], [], [50, 80, 95], []],
    ]);
  });

  it('counts its own unit, basis and models, and what was used before it was defined', async () => {
    await house.append('customer-cus_markup', {
      type: 'CustomerCreated',
      data: {
        ...{ customer_id: 'cus_markup', external_id: null, name: 'm', time_zone: 'UTC' },
        ...{ currency: 'USD', markup_ppm: 1_000_000 },
      },
    });
    const scope = { type: 'key' as const, id: 'key_unit' };
    const ours = { customer_id: 'cus_markup', key_id: 'key_unit' };
    await use({
      ...{ ...ours, cost: '3.000000000000', input_tokens: 40, cache_read_tokens: 20 },
      ...{ output_tokens: 10, requests: 1, model_requested: 'fast', model_served: 'sim-small' },
    });
    await use({ ...ours, cost: '0.000000000000', input_tokens: 5, model_served: 'sim-large' });
    const budgets = [
      await soft({ scope, basis: 'billed' }),
      await soft({ scope, unit: 'tokens', limit: '100.000000000000' }),
      await soft({
        ...{ scope, unit: 'tokens', counts: 'input', cache_reads: false },
        limit: '90.000000000000',
      }),
      await soft({ scope, unit: 'requests', limit: '2.000000000000' }),
      await soft({ scope, model: 'fa*', limit: '3.000000000000' }),
      await soft({ scope, model: '*-large', limit: '3.000000000000' }),
    ];
    const reached = [[50], [50, 80], [50], [50, 80, 95, 100], [50, 80, 95, 100], []];
    await until('all are raised', () =>
      budgets.every((id, at) => raised(id).length >= (reached[at]?.length ?? 0)),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(budgets.map(raised)).toEqual(reached);
    expect(of(budgets[0] as string)[0]).toMatchObject({ spent: '6.000000000000' });
  });

  it('starts each window at nothing, and is not warned of one that ended before it was made', async () => {
    const rule = { window: 'hour' as const, time_zone: 'UTC', anchor: null };
    const { startMs } = windowBounds(rule, Date.now());
    await use({ key_id: 'key_hour', cost: '100.000000000000' }, startMs - 60_000);
    const budgetId = await soft({ scope: { type: 'key', id: 'key_hour' }, window: 'hour' });
    await use({ key_id: 'key_hour', cost: '8.000000000000' });
    await until('it is warned', () => raised(budgetId).includes(80));
    const windows = of(budgetId).map(({ window_start }) => Date.parse(window_start));
    expect(Math.min(...windows)).toBeGreaterThanOrEqual(startMs);
  });
});

describe('usage that nobody stated', () => {
  it('is an alarm once what is charged for it is a part of the limit', async () => {
    const budgetId = await house.budget({ thresholds: [] });
    const window = windowStream(budgetId, 0);
    const unknown = (amount: string): Partial<UsageEvent> => ({
      ...{ cost: null, usage_source: 'none', status: 'unknown', ...perQuantity(() => null) },
      ...{ hold_lease_ids: ['lse_1'], hold_units: ['usd'], hold_amounts: [amount] },
      budget_windows: [window],
    });
    await use(unknown('4.000000000000'));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(raised(budgetId)).toEqual([]);
    await use(unknown('1.000000000000'));
    await until('it is raised', () => raised(budgetId).length > 0);
    expect(of(budgetId)).toMatchObject([{ kind: 'unresolved', amount: '5.000000000000' }]);
  });
});

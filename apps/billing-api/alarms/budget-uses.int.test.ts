/** Against which limit what is used of a budget is measured. */
import { budgetDefinitionEvents } from '@tollgate/adapters/ledger/categories.ts';
import { windowStream } from '@tollgate/domain/budget/window.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlarmHouse, openAlarmHouse } from '../testing/alarm-house.ts';
import { BudgetUses } from './budget-uses.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 20, 12);

let house: AlarmHouse;
beforeAll(async () => {
  house = await openAlarmHouse();
});
afterAll(() => house.close());

describe('a soft budget with a raise', () => {
  const raise = async (budget_id: string, id: string, amount: number, untilMs: number) => {
    const until = new Date(untilMs).toISOString();
    const data = { budget_id, raise_id: id, amount: `${amount}.000000000000`, until };
    await house.append(budgetDefinitionEvents.of(budget_id), { type: 'BudgetRaised', data });
  };
  const limitOf = async (budgetId: string, startMs: number, nowMs: number) => {
    const { ledger, directory, warehouse } = house;
    const limits = { alarmReadsMax: 1, alarmAccountsKeptMax: 1 };
    const uses = new BudgetUses({ ledger, directory, warehouse, limits, clock: () => nowMs });
    const budget = directory.budgets.get(budgetId)?.state;
    if (budget === undefined) throw new Error('no budget');
    const window = {
      ...{ stream: windowStream(budgetId, startMs), budgetId, startMs },
      ...{ sinceMs: 0, unresolved: false },
    };
    const [one] = await uses.ofSoft([{ window, budget, createdAtMs: 0 }]);
    return formatDecimal12(one?.use.limit ?? 0n);
  };
  const soft = () =>
    house.budget({ enforcement: 'soft', window: 'hour', limit: '10.000000000000' });

  it('is measured by the raised limit while the raise lasts, and by its own afterwards', async () => {
    const id = await soft();
    await raise(id, 'rse_1', 5, START_MS + HOUR_MS / 2);
    expect([
      await limitOf(id, START_MS, START_MS + 1),
      await limitOf(id, START_MS, START_MS + HOUR_MS / 2),
    ]).toEqual(['15.000000000000', '10.000000000000']);
  });

  it('is not measured by what came after its window', async () => {
    const id = await soft();
    await raise(id, 'rse_1', 5, START_MS + HOUR_MS);
    // Usage of the window arrives late.
    const late = START_MS + HOUR_MS + 60_000;
    expect([
      await limitOf(id, START_MS, late),
      await limitOf(id, START_MS + HOUR_MS, late),
    ]).toEqual(['15.000000000000', '10.000000000000']);
  });
});

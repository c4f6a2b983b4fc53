import type { BudgetWindowEvent } from '@tollgate/domain/budget/budget-events.ts';
import { windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import { formatDecimal12, parseDecimal } from '@tollgate/domain/money/money.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AlarmHouse, openAlarmHouse, until } from '../testing/alarm-house.ts';

let house: AlarmHouse;
beforeEach(async () => {
  house = await openAlarmHouse();
});
afterEach(() => house.close());

const amount = (text: string) => formatDecimal12(parseDecimal(text, 12));
const TOTAL = 0;
let lease = 0;

/** What proxies append to a window of a budget of 100 that spend so much. */
async function spend(budgetId: string, spent: string, startMs = TOTAL): Promise<void> {
  const stream = windowStream(budgetId, startMs);
  const isOpen = (await house.ledger.read(stream, { limit: 1 })).length > 0;
  const lease_id = `lse_${++lease}`;
  const add = (event: BudgetWindowEvent) => house.append(stream, event);
  if (!isOpen) {
    const [limit, definition_revision] = [amount('100'), '0'];
    const window_start = new Date(startMs).toISOString();
    const data = {
      budget_id: budgetId,
      window_start,
      window_end: null,
      limit,
      definition_revision,
    };
    await add({ type: 'WindowOpened', data });
  }
  const granted = { lease_id, instance_id: 'ins_1', amount: amount('10') };
  await add({ type: 'LeaseGranted', data: granted });
  await add({ type: 'LeaseSettled', data: { lease_id, spent: amount(spent) } });
}

const raised = (budgetId: string) =>
  house.index
    .alarms()
    .filter(({ budget_id }) => budget_id === budgetId)
    .map(({ kind, threshold }) => (threshold === null ? kind : threshold));

async function settled(watch: { stats: { waiting: () => { windows: number } } }): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 150));
  await until('nothing waits', () => watch.stats.waiting().windows === 0);
  await new Promise((resolve) => setTimeout(resolve, 150));
}

describe('alarms of a hard budget', () => {
  // BerriAI/litellm#3738, #3113, kdlbs/kandev#3287: each request over the threshold sent another alert.
  it('are raised once each, as its account reaches them', async () => {
    const budgetId = await house.budget();
    const watch = house.watch();
    for (const [spent, expected] of [
      ['49.9', []],
      ['0.1', [50]],
      ['20', [50]],
      ['11', [50, 80]],
      ['19', [50, 80, 95, 100]],
      ['10', [50, 80, 95, 100]],
      ['50', [50, 80, 95, 100]],
    ] as const) {
      await spend(budgetId, spent);
      await settled(watch);
      expect(raised(budgetId)).toEqual(expected);
    }
    expect(watch.stats.failures).toBe(0);
  });

  // BerriAI/litellm#14809, PR #35814: each replica, and each restart, raised it again.
  it('are raised once by any number of processes, and not again by one that starts', async () => {
    const budgetId = await house.budget();
    const watches = [house.watch(), house.watch(), house.watch()];
    await spend(budgetId, '81');
    await until('they are raised', () => raised(budgetId).length >= 2);
    for (const watch of watches) await settled(watch);
    for (const watch of watches) await watch.stop();
    await settled(house.watch());
    expect(raised(budgetId)).toEqual([50, 80]);
    const stream = `alarm-${budgetId}@19700101T000000Z`;
    expect(await house.ledger.read(stream)).toHaveLength(2);
  });

  it('are raised for what happened while no process looked', async () => {
    const budgetId = await house.budget();
    await spend(budgetId, '96');
    house.watch();
    await until('they are raised', () => raised(budgetId).length === 3);
    expect(raised(budgetId)).toEqual([50, 80, 95]);
  });

  // BerriAI/litellm#29576, and "already sent" marks that outlive a reset: the next window is its own.
  it('are raised again in the next window, and for a window that ended unseen', async () => {
    const zone = { time_zone: 'UTC', anchor: null };
    const nowMs = Date.now();
    const today = windowBounds({ window: 'day', ...zone }, nowMs).startMs;
    const yesterday = windowBounds({ window: 'day', ...zone }, today - 1).startMs;
    const budgetId = await house.budget({ window: 'day', thresholds: [50] });
    await spend(budgetId, '60', yesterday);
    await spend(budgetId, '60', today);
    house.watch();
    await until('today is raised', () => raised(budgetId).includes(50));
    // The budget is younger than yesterday, so its start does not look there: the settle does.
    await spend(budgetId, '1', yesterday);
    await until('both are raised', () => raised(budgetId).filter((one) => one === 50).length === 2);
    const starts = house.index.alarms().map(({ window_start }) => Date.parse(window_start));
    expect(starts.toSorted()).toEqual([yesterday, today]);
  });

  it('follow its thresholds and its limit when these change', async () => {
    const budgetId = await house.budget({ thresholds: [90] });
    const watch = house.watch();
    await spend(budgetId, '40');
    await settled(watch);
    expect(raised(budgetId)).toEqual([]);
    const definition = `budget_definition-${budgetId}`;
    const thresholds = { budget_id: budgetId, thresholds: [30, 90] };
    await house.append(definition, { type: 'BudgetThresholdsChanged', data: thresholds });
    await until('the new one is raised', () => raised(budgetId).length === 1);
    const lowered = { limit: amount('44'), definition_revision: '2' };
    await house.append(windowStream(budgetId, TOTAL), { type: 'LimitChanged', data: lowered });
    await until('the lower limit is noticed', () => raised(budgetId).length === 2);
    expect(raised(budgetId)).toEqual([30, 90]);
  });

  it('tell of an overrun once, with its amount, before its lease is settled', async () => {
    const budgetId = await house.budget({ thresholds: [11] });
    const watch = house.watch();
    const stream = windowStream(budgetId, TOTAL);
    await spend(budgetId, '1');
    const granted = { lease_id: 'lse_o', instance_id: 'ins_1', amount: amount('10') };
    await house.append(stream, { type: 'LeaseGranted', data: granted });
    const attempt_id = crypto.randomUUID();
    const over = { lease_id: 'lse_o', attempt_id, amount: amount('10') };
    await house.append(stream, { type: 'Overrun', data: over });
    await settled(watch);
    expect(raised(budgetId)).toEqual([11, 'overrun']);
    await house.append(stream, {
      type: 'LeaseSettled',
      data: { lease_id: 'lse_o', spent: amount('20') },
    });
    await settled(watch);
    expect(raised(budgetId)).toEqual([11, 'overrun']);
    const overrun = house.index.alarms().find(({ kind }) => kind === 'overrun');
    expect(overrun).toMatchObject({ amount: amount('10'), spent: amount('11') });
  });

  it('forecast what the window comes to', async () => {
    const dayMs = 86_400_000;
    const startMs = windowBounds(
      { window: 'day', time_zone: 'UTC', anchor: null },
      Date.now(),
    ).startMs;
    const budgetId = await house.budget({ window: 'day' });
    // The budget is as old as the test: seen from the end of the next window, it is older than that.
    house.watch({ clock: () => startMs + dayMs + dayMs / 5 });
    await spend(budgetId, '30', startMs + dayMs);
    await until('it is raised', () => raised(budgetId).length > 0);
    expect(house.index.alarms()).toMatchObject([
      {
        ...{ kind: 'forecast', spent: amount('30'), amount: amount('150') },
        exceeds_at: new Date(startMs + dayMs + (dayMs / 5 / 30) * 100).toISOString(),
      },
    ]);
  });
});

describe('the watch', () => {
  it('reads of 3,000 budgets only those that change, and all at its start in bounded steps', async () => {
    const reads: string[] = [];
    const ledger = {
      ...house.ledger,
      read: (...args: Parameters<typeof house.ledger.read>) => {
        if (args[0].startsWith('budget-')) reads.push(args[0]);
        return house.ledger.read(...args);
      },
    };
    const ids: string[] = [];
    for (let i = 0; i < 30; i++) {
      ids.push(...(await Promise.all(Array.from({ length: 100 }, () => house.budget()))));
    }
    const watch = house.watch({ ledger });
    await until('all were looked at', () => new Set(reads).size === 3_000);
    await settled(watch);
    reads.length = 0;
    const [first] = ids as [string];
    await spend(first, '50');
    await until('it is raised', () => raised(first).length === 1);
    await settled(watch);
    expect(new Set(reads)).toEqual(new Set([windowStream(first, TOTAL)]));
  });

  it('goes on after the ledger was away, and says meanwhile that it is behind', async () => {
    let isAway = false;
    const ledger = {
      ...house.ledger,
      read: (...args: Parameters<typeof house.ledger.read>) =>
        isAway ? Promise.reject(new Error('away')) : house.ledger.read(...args),
    };
    const budgetId = await house.budget();
    const watch = house.watch({ ledger });
    await settled(watch);
    isAway = true;
    await spend(budgetId, '50');
    await until('it has failed', () => watch.stats.failures > 2);
    expect(watch.stats.waiting().windows).toBe(1);
    await until('it says so', () => watch.stats.check(100) !== 'ok');
    expect(watch.stats.check(100)).toMatch(/^1 windows wait, for up to \d+ s$/);
    isAway = false;
    await until('it is raised', () => raised(budgetId).length === 1);
  });
});

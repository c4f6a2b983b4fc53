/** Alarms and webhooks with the ledger of servers: EventStoreDB's client, over the stand-in for its server. */
import { openEventStoreLedger } from '@tollgate/adapters/ledger/eventstore-ledger.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { type Receiver, startReceiver } from '@tollgate/adapters/webhooks/testing/receiver.ts';
import {
  type AlarmHouse,
  openAlarmHouse,
  until,
} from '@tollgate/billing-api/testing/alarm-house.ts';
import type { BudgetWindowEvent } from '@tollgate/domain/budget/budget-events.ts';
import { windowStream } from '@tollgate/domain/budget/window.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type EventStoreStandIn,
  startEventStoreStandIn,
} from '../engines/eventstore-stand-in/server.ts';

let standIn: EventStoreStandIn;
let ledger: Ledger;
let house: AlarmHouse;
let receiver: Receiver;
beforeAll(async () => {
  standIn = await startEventStoreStandIn();
  ledger = await openEventStoreLedger({ connectionString: standIn.connectionString });
  house = await openAlarmHouse({ ledger });
  receiver = await startReceiver();
  const { secret } = await house.webhook(receiver.url);
  receiver.state.secret = secret;
  for (let process = 0; process < 2; process++) {
    house.watch();
    house.deliver();
  }
});
afterAll(async () => {
  await house.close();
  await receiver.close();
  await ledger.close();
  await standIn.stop();
});

const usd = (amount: number) => amount.toFixed(12);

/** What a proxy appends of a budget of 100. */
async function spend(budgetId: string, amount: number): Promise<void> {
  const stream = windowStream(budgetId, 0);
  const lease_id = `lse_${amount}`;
  const events: BudgetWindowEvent[] = [
    { type: 'LeaseGranted', data: { lease_id, instance_id: 'ins_1', amount: usd(amount) } },
    { type: 'LeaseSettled', data: { lease_id, spent: usd(amount) } },
  ];
  if ((await ledger.read(stream)).length === 0) {
    const window = { window_start: new Date(0).toISOString(), window_end: null };
    const terms = { budget_id: budgetId, limit: usd(100), definition_revision: '0' };
    events.unshift({ type: 'WindowOpened', data: { ...terms, ...window } });
  }
  for (const event of events) await house.append(stream, event);
}

const arrived = (budgetId: string) =>
  receiver.received
    .map(({ verified }) => verified as { data: { budget_id: string; threshold: number } } | null)
    .filter((message) => message?.data.budget_id === budgetId)
    .map((message) => message?.data.threshold);

describe('alarms on EventStoreDB', () => {
  it('are raised once and arrive once, signed, by two processes that look and send', async () => {
    const budgetId = await house.budget();
    await spend(budgetId, 81);
    await until('they have arrived', () => arrived(budgetId).length >= 2);
    await spend(budgetId, 15);
    await until('the next has arrived', () => arrived(budgetId).length >= 3);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(arrived(budgetId).toSorted()).toEqual([50, 80, 95]);
    expect(await ledger.read(`alarm-${budgetId}@19700101T000000Z`)).toHaveLength(3);
  });

  it('are not lost while its server is away, and not raised again once it is back', async () => {
    const budgetId = await house.budget();
    await spend(budgetId, 60);
    await until('the first has arrived', () => arrived(budgetId).length === 1);
    standIn.halt();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await standIn.start();
    await spend(budgetId, 30);
    await until('the next has arrived', () => arrived(budgetId).length >= 2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(arrived(budgetId).toSorted()).toEqual([50, 80]);
  });
});

import { alarmEvents } from '@tollgate/adapters/ledger/categories.ts';
import { expect, it } from 'vitest';
import { memoryLedger } from '../testing/memory-ledger.ts';
import { raiseStoreAway } from './store-alarm.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-11-30T08:00:00.000Z');

it('that the store of rates is away is raised once in an hour, by all proxies together', async () => {
  const ledger = memoryLedger();
  await Promise.all([1, 2, 3].map((ms) => raiseStoreAway(ledger, START_MS + ms)));
  await raiseStoreAway(ledger, START_MS + HOUR_MS - 1);
  await raiseStoreAway(ledger, START_MS + HOUR_MS);
  const stored = await Promise.all(
    ['08', '09'].map((hour) => ledger.read(`alarm-rate_store@2026-11-30T${hour}:00:00.000Z`)),
  );
  const alarms = stored.flat().map((event) => alarmEvents.parse(event).data);
  expect(alarms).toMatchObject([
    {
      ...{ kind: 'rate_store_away', budget_id: null, window_start: '2026-11-30T08:00:00.000Z' },
      window_end: '2026-11-30T09:00:00.000Z',
    },
    { kind: 'rate_store_away', window_start: '2026-11-30T09:00:00.000Z' },
  ]);
  expect(new Set(alarms.map(({ alarm_id }) => alarm_id)).size).toBe(2);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { billingEvents, customerEvents } from '@tollgate/adapters/ledger/categories.ts';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ClosingDeps } from './closing-deps.ts';
import { type OpenRequest, openPeriod } from './open-period.ts';

const NOW = parseInstant('2026-01-17T12:00:00.000Z');
const folder = mkdtempSync(join(tmpdir(), 'tollgate-open-'));

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
});
afterAll(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

let customers = 0;
async function customerIn(time_zone: string): Promise<string> {
  customers += 1;
  const customer_id = `cus_${customers}`;
  const stream = customerEvents.of(customer_id);
  const type = 'CustomerCreated';
  const data = { customer_id, external_id: null, name: 'c', time_zone, currency: 'USD' };
  const event = { id: ledgerEventId(stream, type, ''), type, data: { ...data, markup_ppm: 0 } };
  await ledger.append(stream, 'no_stream', [event]);
  return customer_id;
}

function open(customerId: string, request: Partial<OpenRequest> = {}, on = ledger) {
  // Opening a period asks nothing of the other stores.
  const deps = { ledger: on, clock: () => NOW } as ClosingDeps;
  const asDefault = { startMs: null, timeZone: null, anchorDay: null };
  return openPeriod(deps, { customerId, ...asDefault, ...request });
}

it('opens the first period in the zone of the customer, from the first of the month', async () => {
  const result = await open(await customerIn('Asia/Kolkata'));
  expect(result).toMatchObject({
    ok: true,
    period: {
      number: 1,
      timeZone: 'Asia/Kolkata',
      anchorDay: 1,
      startMs: parseInstant('2025-12-31T18:30:00.000Z'),
      endMs: parseInstant('2026-01-31T18:30:00.000Z'),
    },
  });
  // An id begins with its time, here that of the opening.
  const begins = makeId('per', NOW, new Uint8Array(10)).slice(0, 14);
  expect(result.ok && result.period.id.slice(0, 14)).toBe(begins);
});

it('answers a repetition with the same period, and appends nothing', async () => {
  const customerId = await customerIn('UTC');
  const request = { startMs: parseInstant('2026-01-05T00:00:00.000Z'), anchorDay: 5 };
  const first = await open(customerId, request);
  expect(first).toMatchObject({ ok: true, period: { anchorDay: 5, startMs: request.startMs } });
  expect(await open(customerId, { ...request, timeZone: 'UTC' })).toEqual(first);
  expect(await open(customerId)).toEqual(first);
  expect(await ledger.read(billingEvents.of(customerId))).toHaveLength(1);
});

it.each([
  ['start', { startMs: NOW }],
  ['zone', { timeZone: 'Europe/Vienna' }],
  ['anchor day', { anchorDay: 2 }],
])('refuses another %s while a period is open', async (_, request) => {
  const customerId = await customerIn('UTC');
  const first = await open(customerId);
  const periodId = first.ok ? first.period.id : '';
  expect(await open(customerId, request)).toEqual({
    ok: false,
    refusal: { code: 'period_still_open', periodId },
  });
});

it('takes the period that another process opened between its read and its append', async () => {
  const customerId = await customerIn('UTC');
  let theirs: unknown;
  const raced: Ledger = {
    ...ledger,
    async append(...args) {
      theirs ??= await open(customerId, { anchorDay: 1 });
      return ledger.append(...args);
    },
  };
  const ours = await open(customerId, {}, raced);
  expect(ours).toMatchObject({ ok: true, period: { number: 1 } });
  expect(ours).toEqual(theirs);
  expect(await ledger.read(billingEvents.of(customerId))).toHaveLength(1);
});

it('gives up when every append conflicts and no period is there after it', async () => {
  const customerId = await customerIn('UTC');
  let appends = 0;
  const changing: Ledger = {
    ...ledger,
    append: async () => {
      appends += 1;
      return { ok: false, actual: 0n };
    },
  };
  await expect(open(customerId, {}, changing)).rejects.toThrow('kept changing');
  expect(appends).toBe(5);
});

it('says by name that the customer is unknown', async () => {
  await expect(open('cus_nobody')).rejects.toMatchObject({ code: 'customer_unknown' });
});

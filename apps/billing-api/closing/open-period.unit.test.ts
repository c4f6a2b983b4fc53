/** Which period opens, and what a repetition is answered, without an engine. */
import { sha256Text } from '@tollgate/adapters/digest/sha256.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { billingStreams, type PeriodOpened } from '@tollgate/domain/period/period-events.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { type OpenRequest, openPeriod } from './open-period.ts';
import { loadCustomer, loadInvoice } from './streams.ts';
import { AFTER_FEBRUARY, AFTER_JANUARY } from './testing/january.ts';
import { MemoryHouse } from './testing/memory-house.ts';

const AFTER_MARCH = parseInstant('2026-04-01T02:00:00.000Z');

let house: MemoryHouse;
beforeEach(() => {
  house = new MemoryHouse();
});

function open(change: Partial<OpenRequest> = {}, ledger: Ledger = house.deps.ledger) {
  const asDefault = { customerId: 'cus_a', startMs: null, timeZone: null, anchorDay: null };
  return openPeriod({ ...house.deps, ledger }, { ...asDefault, ...change });
}

/** What the time in an id's first characters is. */
const begins = (ms: number) => makeId('per', ms, new Uint8Array(10)).slice(0, 14);

describe('the first period', () => {
  it('is the current month in the zone of the customer', async () => {
    await house.customer('cus_a', { time_zone: 'Asia/Kolkata' });
    const result = await open();
    const [period] = (await house.billing('cus_a')).periods;
    expect(result).toEqual({ ok: true, period });
    expect(period).toMatchObject({
      status: 'open',
      number: 1,
      timeZone: 'Asia/Kolkata',
      anchorDay: 1,
      startMs: parseInstant('2026-01-31T18:30:00.000Z'),
      endMs: parseInstant('2026-02-28T18:30:00.000Z'),
    });
    // A retry by an earlier or later Tollgate has to open the same period.
    const hash = sha256Text('period:cus_a:1');
    expect(period?.id).toBe(makeId('per', house.clock.nowMs, hash));
  });

  it('is the one that was asked for, also from the first instant of all', async () => {
    await house.customer('cus_a');
    const result = await open({ startMs: 0, timeZone: 'Europe/Vienna', anchorDay: 5 });
    const period = { startMs: 0, timeZone: 'Europe/Vienna', anchorDay: 5 };
    expect(result).toMatchObject({ ok: true, period });
    expect(result.ok && result.period.id.slice(0, 14)).toBe(begins(0));
  });

  it('is in the currency that the customer has at its opening, with a rate or without', async () => {
    await house.customer('cus_a', { currency: 'EUR' });
    expect(await open()).toMatchObject({ ok: true, period: { currency: 'EUR' } });
    await house.change('cus_a', { currency: 'JPY' });
    expect(await open()).toMatchObject({ ok: true, period: { number: 1, currency: 'EUR' } });
  });
});

describe('a later period', () => {
  it('goes on where the one before ended, in its zone and on its day, and says so in its id', async () => {
    await house.customer('cus_a');
    const startMs = parseInstant('2026-01-01T00:00:00.000Z');
    await open({ startMs, timeZone: 'America/New_York', anchorDay: 15 });
    await house.closeAt(AFTER_MARCH, ['cus_a']);
    const { periods } = await house.billing('cus_a');
    expect(periods).toHaveLength(4);
    for (const [index, period] of periods.entries()) {
      expect(period.startMs).toBe(periods[index - 1]?.endMs ?? startMs);
      expect([period.timeZone, period.anchorDay]).toEqual(['America/New_York', 15]);
      expect(period.id.slice(0, 14)).toBe(begins(period.startMs));
    }
    expect(new Set(periods.map(({ id }) => id)).size).toBe(4);
  });

  it('may have another zone and day from where the one before ended', async () => {
    await house.january('cus_a');
    const deps = { ...house.deps, closingLimits: { stepsMax: 2 } };
    await house.closeAt(AFTER_JANUARY, ['cus_a'], deps);
    const result = await open({ timeZone: 'Europe/Vienna', anchorDay: 9 });
    expect(result).toMatchObject({
      ok: true,
      period: { number: 2, timeZone: 'Europe/Vienna', anchorDay: 9 },
    });
  });

  it('is refused at another start than the end of the one before', async () => {
    await house.january('cus_a');
    const deps = { ...house.deps, closingLimits: { stepsMax: 2 } };
    await house.closeAt(AFTER_JANUARY, ['cus_a'], deps);
    const expectedStartMs = parseInstant('2026-02-01T00:00:00.000Z');
    const refusal = { code: 'period_not_contiguous', expectedStartMs };
    expect(await open({ startMs: expectedStartMs + 1 })).toEqual({ ok: false, refusal });
  });
});

describe('while a period is open', () => {
  const asked = {
    startMs: parseInstant('2026-01-05T00:00:00.000Z'),
    timeZone: 'UTC',
    anchorDay: 5,
  };

  it('asking for it again, in part or in full, is answered with it', async () => {
    await house.customer('cus_a');
    const first = await open(asked);
    const { startMs, timeZone, anchorDay } = asked;
    for (const again of [asked, {}, { startMs }, { timeZone }, { anchorDay }]) {
      expect(await open(again)).toEqual(first);
    }
    expect(house.store.types('billing-cus_a')).toEqual(['PeriodOpened']);
  });

  it.each([
    ['start', { startMs: 0 }],
    ['zone', { timeZone: 'Europe/Vienna' }],
    ['day', { anchorDay: 6 }],
  ])('asking for another %s is refused', async (_, change) => {
    await house.customer('cus_a');
    const first = await open(asked);
    const periodId = first.ok ? first.period.id : '';
    const refusal = { code: 'period_still_open', periodId };
    expect(await open({ ...asked, ...change })).toEqual({ ok: false, refusal });
  });

  it('the answer is the open one, not an earlier one', async () => {
    await house.january('cus_a');
    await house.closeAt(AFTER_FEBRUARY, ['cus_a']);
    expect(await open()).toMatchObject({ ok: true, period: { number: 3, status: 'open' } });
  });

  it('of before currencies, it is in USD, whatever the customer’s is now (I4)', async () => {
    await house.customer('cus_a', { currency: 'EUR' });
    const data: PeriodOpened['data'] = {
      period_id: 'per_1',
      customer_id: 'cus_a',
      number: 1,
      start: '2026-01-01T00:00:00.000Z',
      end: '2026-02-01T00:00:00.000Z',
      time_zone: 'UTC',
      anchor_day: 1,
    };
    const stream = billingStreams.of('cus_a');
    const opened = newLedgerEvent(stream, { type: 'PeriodOpened', data }, '');
    await house.store.append(stream, 'no_stream', [opened]);
    expect(await open()).toMatchObject({ ok: true, period: { number: 1, currency: 'USD' } });
  });
});

describe('two that open at the same time', () => {
  it('make one period and are both answered with it', async () => {
    await house.customer('cus_a');
    const results = await Promise.all([open(), open(), open()]);
    expect(results[0]).toMatchObject({ ok: true, period: { number: 1 } });
    for (const result of results) expect(result).toEqual(results[0]);
    expect(house.store.types('billing-cus_a')).toEqual(['PeriodOpened']);
  });

  it.each([
    ['another day', { anchorDay: 5 }, { anchorDay: 1 }],
    // The same month in both zones, so both ask for the same append.
    ['another zone', { timeZone: 'Europe/Vienna' }, { timeZone: 'Europe/Berlin' }],
  ])('make one period, and the one that asked for %s is refused', async (_, one, other) => {
    await house.customer('cus_a');
    const results = await Promise.all([open(one), open(other)]);
    const [period] = (await house.billing('cus_a')).periods;
    expect(house.store.types('billing-cus_a')).toEqual(['PeriodOpened']);
    const refusal = { code: 'period_still_open', periodId: period?.id };
    expect(results).toContainEqual({ ok: true, period });
    expect(results).toContainEqual({ ok: false, refusal });
  });

  it('are answered with an open period, also if theirs began to close at once', async () => {
    await house.customer('cus_a');
    const { ledger } = house.deps;
    let closed = false;
    const closingAtOnce: Ledger = {
      ...ledger,
      async append(...args) {
        const result = await ledger.append(...args);
        if (!closed) {
          closed = true;
          const deps = { ...house.deps, closingLimits: { stepsMax: 1 } };
          await house.closeAt(AFTER_FEBRUARY, ['cus_a'], deps);
          expect(await house.states('cus_a')).toEqual(['closing']);
        }
        return result;
      },
    };
    expect(await open({}, closingAtOnce)).toMatchObject({
      ok: true,
      period: { number: 2, status: 'open' },
    });
  });

  it('give up after five appends that conflict without a period after them', async () => {
    await house.customer('cus_a');
    let appends = 0;
    const changing: Ledger = {
      ...house.deps.ledger,
      append: async () => {
        appends += 1;
        if (appends > 10) throw new Error('goes on and on');
        return { ok: false, actual: 0n };
      },
    };
    await expect(open({}, changing)).rejects.toThrow('the periods of cus_a kept changing');
    expect(appends).toBe(5);
  });
});

it('says of any read or append that fails which one it was', async () => {
  const unnoticed: string[] = [];
  for (let place = 0; ; place++) {
    house = new MemoryHouse();
    await house.customer('cus_a');
    let reached: string | undefined;
    let seen = 0;
    house.store.before = (call) => {
      if (seen++ !== place) return;
      reached = call;
      throw new Error(`no ${call}`);
    };
    const said = await open().then(String, String);
    if (reached === undefined) break;
    if (said !== `Error: no ${reached}`) unnoticed.push(reached);
  }
  expect(unnoticed).toEqual([]);
});

it('says by name that a customer is unknown, and that an invoice is not there', async () => {
  await expect(loadCustomer(house.store, 'cus_a')).rejects.toMatchObject({
    code: 'customer_unknown',
    message: 'no customer cus_a',
  });
  expect(await loadInvoice(house.store, 'inv_1')).toBeUndefined();
});

import { describe, expect, it } from 'vitest';
import type { ExchangeRate } from '../exchange/exchange-rate.ts';
import { type Billing, evolveBilling, firstUnfrozen, noBilling } from './billing.ts';
import { parseInstant } from './calendar.ts';
import { isCutBelow } from './cut.ts';
import { decideClosing, decideFreeze, decideOpen } from './decide.ts';
import type { BillingEvent, PeriodOpened } from './period-events.ts';

const at = parseInstant;
const JAN = '2026-01-01T00:00:00.000Z';
const FEB = '2026-02-01T00:00:00.000Z';
const MAR = '2026-03-01T00:00:00.000Z';

function given(...events: BillingEvent[]): Billing {
  return events.reduce(evolveBilling, noBilling);
}

function opened(number: number, start: string, end: string): BillingEvent {
  const data = { period_id: `per_${number}`, customer_id: 'cus_1', number, start, end };
  return { type: 'PeriodOpened', data: { ...data, time_zone: 'UTC', anchor_day: 1 } };
}

function closing(number: number, end: string, offset = '10'): BillingEvent {
  const logs = [{ log: 0, ends: [offset] }];
  const data = { period_id: `per_${number}`, number, end, cut_id: 'cut_1', logs };
  return { type: 'PeriodClosing', data: { ...data, currency: 'USD', markup_ppm: 0 } };
}

function frozen(number: number): BillingEvent {
  const data = { snapshot_id: `snp_${number}`, period_id: `per_${number}`, number };
  return { type: 'SnapshotFrozen', data: { ...data, body: '{}', hash: '00' } };
}

function rateTo(quote: string): ExchangeRate {
  const stated = { source: 'ecb', as_of: JAN, version: 'xrt_1' };
  return { base: 'USD', quote, numerator: '9', denominator: '10', ...stated };
}

const open = {
  customerId: 'cus_1',
  periodId: 'per_new',
  startMs: null,
  timeZone: 'UTC',
  anchorDay: 1,
  currency: 'USD',
  atMs: at('2026-01-17T12:00:00.000Z'),
};

const close = {
  periodId: 'per_1',
  endMs: null,
  graceMs: 3_600_000,
  nowMs: at(FEB) + 3_600_000,
  cutId: 'cut_2',
  logs: [{ log: 0, ends: ['10'] }],
  markupPpm: 100,
  exchangeRate: null,
};

describe('opening a period', () => {
  it('the first one is the calendar month of today in the zone', () => {
    const decision = decideOpen(noBilling, { ...open, timeZone: 'Asia/Kolkata' });
    expect(decision).toMatchObject({
      ok: true,
      event: {
        data: { number: 1, start: '2025-12-31T18:30:00.000Z', end: '2026-01-31T18:30:00.000Z' },
      },
    });
  });

  it('the next one begins where the last one ended, also after an early close (I4)', () => {
    const early = '2026-01-20T09:00:00.000Z';
    const billing = given(opened(1, JAN, FEB), closing(1, early), frozen(1));
    expect(decideOpen(billing, open)).toMatchObject({
      ok: true,
      event: { data: { number: 2, start: early, end: FEB } },
    });
  });

  it('is an event that names the period, its bounds and its customer', () => {
    expect(decideOpen(noBilling, open)).toEqual({
      ok: true,
      event: {
        type: 'PeriodOpened',
        data: {
          period_id: 'per_new',
          customer_id: 'cus_1',
          number: 1,
          start: JAN,
          end: FEB,
          time_zone: 'UTC',
          anchor_day: 1,
        },
      },
    });
  });

  it('looks at the last one, not at any before', () => {
    const second = given(opened(1, JAN, FEB), closing(1, FEB), frozen(1), opened(2, FEB, MAR));
    expect(decideOpen(second, open)).toEqual({
      ok: false,
      refusal: { code: 'period_still_open', periodId: 'per_2' },
    });
  });

  it('is refused while one is open, with a gap or an overlap', () => {
    const still = given(opened(1, JAN, FEB));
    const done = given(opened(1, JAN, FEB), closing(1, FEB), frozen(1));
    expect([
      decideOpen(still, open),
      decideOpen(done, { ...open, startMs: at(FEB) + 1 }),
      decideOpen(done, { ...open, startMs: at(FEB) - 1 }),
    ]).toEqual([
      { ok: false, refusal: { code: 'period_still_open', periodId: 'per_1' } },
      { ok: false, refusal: { code: 'period_not_contiguous', expectedStartMs: at(FEB) } },
      { ok: false, refusal: { code: 'period_not_contiguous', expectedStartMs: at(FEB) } },
    ]);
  });

  it('names its currency, which binds until it is closed, unless that is USD', () => {
    const opened = decideOpen(noBilling, { ...open, currency: 'EUR' });
    if (!opened.ok) throw new Error(opened.refusal.code);
    expect(opened.event.data.currency).toBe('EUR');
    expect(given(opened.event).periods[0]?.currency).toBe('EUR');
    const dollars = decideOpen(noBilling, open);
    expect(dollars.ok && 'currency' in dollars.event.data).toBe(false);
  });
});

describe('closing a period', () => {
  it('names its cut, its end and its mark-up once end and grace are over', () => {
    expect(decideClosing(given(opened(1, JAN, FEB)), close)).toEqual({
      ok: true,
      event: {
        type: 'PeriodClosing',
        data: {
          period_id: 'per_1',
          number: 1,
          end: FEB,
          cut_id: 'cut_2',
          logs: [{ log: 0, ends: ['10'] }],
          currency: 'USD',
          markup_ppm: 100,
        },
      },
    });
  });

  it('is refused a millisecond before, and for an instant outside of the period', () => {
    const billing = given(opened(1, JAN, FEB));
    const outside = {
      ok: false,
      refusal: { code: 'period_end_out_of_range', startMs: at(JAN), endMs: at(FEB) },
    };
    expect([
      decideClosing(billing, { ...close, nowMs: close.nowMs - 1 }),
      decideClosing(billing, { ...close, endMs: at(JAN) }),
      decideClosing(billing, { ...close, endMs: at(FEB) + 1 }),
      decideClosing(billing, { ...close, periodId: 'per_9' }),
    ]).toEqual([
      { ok: false, refusal: { code: 'period_not_due', dueAtMs: close.nowMs } },
      outside,
      outside,
      { ok: false, refusal: { code: 'period_unknown' } },
    ]);
  });

  it('names the exchange rate of a period in another currency, and takes none to a third', () => {
    const euros: BillingEvent = {
      type: 'PeriodOpened',
      data: { ...(opened(1, JAN, FEB).data as PeriodOpened['data']), currency: 'EUR' },
    };
    const decision = decideClosing(given(euros), { ...close, exchangeRate: rateTo('EUR') });
    expect(decision).toMatchObject({
      ok: true,
      event: { data: { currency: 'EUR', exchange_rate: rateTo('EUR') } },
    });
    for (const exchangeRate of [null, rateTo('CHF')]) {
      expect(() => decideClosing(given(euros), { ...close, exchangeRate })).toThrow('in EUR');
    }
  });

  it('early at T moves the end to T', () => {
    const early = at('2026-01-09T00:00:00.000Z');
    const command = { ...close, endMs: early, graceMs: 0, nowMs: early };
    expect(decideClosing(given(opened(1, JAN, FEB)), command)).toMatchObject({
      ok: true,
      event: { data: { end: '2026-01-09T00:00:00.000Z' } },
    });
  });

  it('is refused before the one before is frozen (I4)', () => {
    const billing = given(opened(1, JAN, FEB), closing(1, FEB), opened(2, FEB, MAR));
    const command = { ...close, periodId: 'per_2', nowMs: at(MAR) + 3_600_000 };
    expect(decideClosing(billing, command)).toEqual({
      ok: false,
      refusal: { code: 'previous_period_not_frozen', number: 1 },
    });
  });

  it('is refused with a cut that covers less than the one before (I4)', () => {
    const before = [opened(1, JAN, FEB), closing(1, FEB, '11'), frozen(1), opened(2, FEB, MAR)];
    const command = { ...close, periodId: 'per_2', nowMs: at(MAR) + 3_600_000 };
    expect(decideClosing(given(...before), command)).toEqual({
      ok: false,
      refusal: { code: 'cut_below_previous', number: 1 },
    });
    const equal = { ...command, logs: [{ log: 0, ends: ['11'] }] };
    expect(decideClosing(given(...before), equal).ok).toBe(true);
  });

  it('is refused for a period that is closing or frozen already', () => {
    const begun = given(opened(1, JAN, FEB), closing(1, FEB));
    const done = evolveBilling(begun, frozen(1));
    expect([decideClosing(begun, close), decideClosing(done, close)]).toEqual([
      { ok: false, refusal: { code: 'period_not_open', status: 'closing' } },
      { ok: false, refusal: { code: 'period_not_open', status: 'frozen' } },
    ]);
  });
});

describe('instants at the epoch, which are zero and not missing (I8)', () => {
  const [DEC, EPOCH] = ['1969-12-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z'] as const;

  it('a period begins there if it was asked for, or if the one before ends there', () => {
    const asked = decideOpen(noBilling, { ...open, startMs: 0 });
    const next = decideOpen(given(opened(1, DEC, EPOCH), closing(1, EPOCH), frozen(1)), open);
    expect([asked, next]).toMatchObject([
      { ok: true, event: { data: { number: 1, start: EPOCH } } },
      { ok: true, event: { data: { number: 2, start: EPOCH } } },
    ]);
  });

  it('a period closes early there', () => {
    const billing = given(opened(1, DEC, '1970-02-01T00:00:00.000Z'));
    const early = decideClosing(billing, { ...close, endMs: 0, nowMs: close.graceMs });
    expect(early).toMatchObject({ ok: true, event: { data: { end: EPOCH } } });
  });
});

describe('freezing a period', () => {
  const command = { periodId: 'per_1', snapshotId: 'snp_1', body: '{}', hash: '00' };

  it('happens once: the second closer is refused (I4)', () => {
    const begun = given(opened(1, JAN, FEB), closing(1, FEB));
    const first = decideFreeze(begun, command);
    expect(first).toEqual({ ok: true, event: frozen(1) });
    expect(decideFreeze(evolveBilling(begun, frozen(1)), command)).toEqual({
      ok: false,
      refusal: { code: 'period_not_closing', status: 'frozen' },
    });
  });

  it('is refused for a period that did not begin to close', () => {
    expect(decideFreeze(given(opened(1, JAN, FEB)), command).ok).toBe(false);
    expect(decideFreeze(noBilling, command)).toEqual({
      ok: false,
      refusal: { code: 'period_unknown' },
    });
  });
});

describe('the fold', () => {
  it('finds the period to handle next', () => {
    const closed = [opened(1, JAN, FEB), closing(1, FEB), frozen(1)];
    expect(firstUnfrozen(given(...closed))).toBeUndefined();
    expect(firstUnfrozen(given(...closed, opened(2, FEB, MAR)))?.id).toBe('per_2');
  });

  it('refuses a stream that breaks the rules (I4)', () => {
    expect(() => given(opened(2, JAN, FEB))).toThrow();
    expect(() => given(opened(1, JAN, FEB), opened(2, JAN, FEB))).toThrow();
    expect(() => given(opened(1, JAN, FEB), frozen(1))).toThrow();
    expect(() => given(opened(1, JAN, FEB), closing(1, FEB), closing(1, FEB))).toThrow();
    expect(() => given(closing(1, FEB))).toThrow();
  });
});

describe('cuts', () => {
  it('compare by log and partition; a partition that is missing is below', () => {
    const cut = (...ends: string[]) => [{ log: 0, ends }];
    expect([
      isCutBelow(cut('5', '5'), cut('5', '5')),
      isCutBelow(cut('5', '4'), cut('5', '5')),
      isCutBelow(cut('10', '5'), cut('9', '5')),
      isCutBelow(cut('5'), cut('5', '1')),
      isCutBelow([], cut('1')),
      isCutBelow([...cut('5'), { log: 1, ends: ['3'] }], cut('5')),
      isCutBelow([...cut('5'), { log: 1, ends: ['3'] }], [...cut('5'), { log: 1, ends: ['4'] }]),
    ]).toEqual([false, true, false, true, true, false, true]);
  });
});

import { describe, expect, it } from 'vitest';
import {
  type Billing,
  evolveBilling,
  frozenPeriod,
  lastFrozen,
  noBilling,
  periodEnds,
} from './billing.ts';
import { parseInstant } from './calendar.ts';
import { type BillingEvent, billingStreams, cutStreams, invoiceStreams } from './period-events.ts';

const [JAN, FEB, MAR, APR] = [1, 2, 3, 4].map((month) => `2026-0${month}-01T00:00:00.000Z`) as [
  string,
  string,
  string,
  string,
];
const logs = [{ log: 0, ends: ['10'] }];

function opened(number: number, start: string, end: string): BillingEvent {
  const data = { period_id: `per_${number}`, customer_id: 'cus_1', number, start, end };
  return { type: 'PeriodOpened', data: { ...data, time_zone: 'UTC', anchor_day: 1 } };
}

function closing(number: number, end: string, id = `per_${number}`): BillingEvent {
  const data = { period_id: id, number, end, cut_id: `cut_${number}`, logs };
  return { type: 'PeriodClosing', data: { ...data, currency: 'USD', markup_ppm: 5 } };
}

function frozen(number: number, id = `per_${number}`): BillingEvent {
  const data = { snapshot_id: `snp_${number}`, period_id: id, number };
  return { type: 'SnapshotFrozen', data: { ...data, body: `{"n":${number}}`, hash: `h${number}` } };
}

function given(...events: BillingEvent[]): Billing {
  return events.reduce(evolveBilling, noBilling);
}

const january = [opened(1, JAN, FEB), closing(1, FEB), frozen(1)];
const february = [opened(2, FEB, MAR), closing(2, MAR), frozen(2)];

describe('the periods of a customer', () => {
  it('keep what each event says: ends, cut, mark-up, and the exact snapshot', () => {
    expect(given(...january, opened(2, FEB, MAR)).periods).toEqual([
      {
        status: 'frozen',
        id: 'per_1',
        number: 1,
        startMs: parseInstant(JAN),
        endMs: parseInstant(FEB),
        timeZone: 'UTC',
        anchorDay: 1,
        cutId: 'cut_1',
        logs,
        currency: 'USD',
        markupPpm: 5,
        exchangeRate: null,
        snapshot: { id: 'snp_1', hash: 'h1', body: '{"n":1}' },
      },
      {
        status: 'open',
        id: 'per_2',
        number: 2,
        startMs: parseInstant(FEB),
        endMs: parseInstant(MAR),
        timeZone: 'UTC',
        anchorDay: 1,
        currency: 'USD',
      },
    ]);
  });

  it('meet: each begins where the last one ends, not where any other does (I4)', () => {
    expect(given(...january, ...february, opened(3, MAR, APR)).periods).toHaveLength(3);
    const overlapping = opened(3, FEB, APR);
    expect(() => given(...january, ...february, overlapping)).toThrow('does not begin where');
  });

  it('are named by number and id: an event with another id breaks the stream (I4)', () => {
    const begun = given(opened(1, JAN, FEB));
    expect(() => evolveBilling(begun, closing(1, FEB, 'per_9'))).toThrow('period 1 is not per_9');
    const closes = evolveBilling(begun, closing(1, FEB));
    expect(() => evolveBilling(closes, frozen(1, 'per_9'))).toThrow('period 1 is not per_9');
    expect(() => evolveBilling(closes, frozen(2))).toThrow('period 2 is not per_2');
  });
});

describe('what was frozen', () => {
  const billing = given(...january, ...february, opened(3, MAR, APR));

  it('is found by number, if it is frozen', () => {
    expect([0, 1, 2, 3, 4].map((number) => frozenPeriod(billing, number)?.id)).toEqual([
      undefined,
      'per_1',
      'per_2',
      undefined,
      undefined,
    ]);
  });

  it('is last the period before the one that is open or closing', () => {
    expect(lastFrozen(billing)?.id).toBe('per_2');
    expect(lastFrozen(given(...january, opened(2, FEB, MAR), closing(2, MAR)))?.id).toBe('per_1');
    expect(lastFrozen(given(opened(1, JAN, FEB)))).toBeUndefined();
  });

  it('ends where it ends; the period that closes ends where it closes', () => {
    const early = parseInstant(MAR) + 1;
    expect([1, 2, 3].map((number) => periodEnds(billing, number, early))).toEqual([
      [early],
      [parseInstant(FEB), early],
      [parseInstant(FEB), parseInstant(MAR), early],
    ]);
  });
});

it('the streams of billing have these names in every ledger (ADR 0001)', () => {
  expect([billingStreams, cutStreams, invoiceStreams].map((streams) => streams.of('x'))).toEqual([
    'billing-x',
    'cut-x',
    'invoice-x',
  ]);
});

import { describe, expect, it } from 'vitest';
import { type Billing, evolveBilling, noBilling } from './billing.ts';
import { parseInstant } from './calendar.ts';
import { nextStep } from './next-step.ts';
import type { BillingEvent } from './period-events.ts';

const at = parseInstant;
const JAN = '2026-01-01T00:00:00.000Z';
const EARLY = '2026-01-20T00:00:00.000Z';
const FEB = '2026-02-01T00:00:00.000Z';
const MAR = '2026-03-01T00:00:00.000Z';
const GRACE_MS = 3_600_000;
const dueInJanuary = { graceMs: GRACE_MS, nowMs: at(FEB) + GRACE_MS };

function opened(number: number, start: string, end: string): BillingEvent {
  const data = { period_id: `per_${number}`, customer_id: 'cus_1', number, start, end };
  return { type: 'PeriodOpened', data: { ...data, time_zone: 'UTC', anchor_day: 1 } };
}
const closing: BillingEvent = {
  type: 'PeriodClosing',
  data: {
    ...{ period_id: 'per_1', number: 1, end: FEB, cut_id: 'cut_1', logs: [] },
    ...{ currency: 'USD', markup_ppm: 0 },
  },
};
const frozen: BillingEvent = {
  type: 'SnapshotFrozen',
  data: { snapshot_id: 'snp_1', period_id: 'per_1', number: 1, body: '{}', hash: '00' },
};

function given(...events: BillingEvent[]): Billing {
  return events.reduce(evolveBilling, noBilling);
}

const open = given(opened(1, JAN, FEB));
const begun = given(opened(1, JAN, FEB), closing);
const done = given(opened(1, JAN, FEB), closing, frozen);
const following = given(opened(1, JAN, FEB), closing, frozen, opened(2, FEB, MAR));

describe('the next step of a closing run', () => {
  it('opens the next period where every one is frozen', () => {
    expect(nextStep(done, 'due', dueInJanuary)).toEqual({ kind: 'open' });
  });

  it('freezes the period that is closing, whatever the run was asked for (I4)', () => {
    const freeze = { kind: 'freeze', period: begun.periods[0] };
    expect(nextStep(begun, 'due', { graceMs: GRACE_MS, nowMs: 0 })).toEqual(freeze);
    expect(nextStep(begun, { periodId: 'per_9', endMs: 1 }, dueInJanuary)).toEqual(freeze);
  });

  it('begins to close the open period once its end and the grace time are over', () => {
    const due = { periodId: 'per_1', endMs: null, ...dueInJanuary };
    const begin = { kind: 'begin', period: open.periods[0], due, endMs: at(FEB) };
    expect(nextStep(open, 'due', dueInJanuary)).toEqual(begin);
    expect(nextStep(open, { periodId: 'per_1', endMs: null }, dueInJanuary)).toEqual(begin);
  });

  it('begins to close a period early, at the instant that was asked for', () => {
    const early = { periodId: 'per_1', endMs: at(EARLY) };
    const run = { graceMs: 0, nowMs: at(EARLY) };
    const step = { kind: 'begin', period: open.periods[0], due: { ...early, ...run } };
    expect(nextStep(open, early, run)).toEqual({ ...step, endMs: at(EARLY) });
  });

  it('is none a millisecond before; a period that was named is refused then', () => {
    const tooEarly = { graceMs: GRACE_MS, nowMs: dueInJanuary.nowMs - 1 };
    expect(nextStep(open, 'due', tooEarly)).toEqual({ kind: 'done' });
    expect(nextStep(open, { periodId: 'per_1', endMs: null }, tooEarly)).toEqual({
      kind: 'refused',
      refusal: { code: 'period_not_due', dueAtMs: dueInJanuary.nowMs },
    });
  });

  it('is none for a period that is frozen already, whatever end was asked for', () => {
    const again = { periodId: 'per_1', endMs: at(EARLY) };
    expect(nextStep(following, again, dueInJanuary)).toEqual({ kind: 'done' });
  });

  it('is a refusal for a period that does not exist', () => {
    expect(nextStep(open, { periodId: 'per_9', endMs: null }, dueInJanuary)).toEqual({
      kind: 'refused',
      refusal: { code: 'period_unknown' },
    });
  });
});

import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeDue, closePeriod } from './close-run.ts';
import { attempt, type ClosingHouse, openClosingHouse } from './testing/closing-house.ts';
import { dyingAt, failingFor } from './testing/dying-ledger.ts';
import {
  AFTER_FEBRUARY,
  AFTER_JANUARY,
  billingOf,
  bodyOf,
  closeAt,
  customerInJanuary,
  FEBRUARY,
  HOUR_MS,
  invoiceOf,
  JANUARY,
} from './testing/january.ts';

let house: ClosingHouse;
beforeAll(async () => {
  house = await openClosingHouse();
});
afterAll(() => house.close());

describe('closing a period', () => {
  it('several periods that are due close in order, with one cut', async () => {
    const customerId = await customerInJanuary(house);
    await house.append(attempt(customerId, JANUARY), attempt(customerId, FEBRUARY));
    await closeAt(house, AFTER_FEBRUARY, customerId);
    const billing = await billingOf(house, customerId);
    const bodies = [bodyOf(billing, 1), bodyOf(billing, 2)];
    expect(bodies.map((body) => body.totals.events)).toEqual([1, 1]);
    expect(bodies[1]?.cut).toEqual(bodies[0]?.cut);
  });

  it('nothing closes before end and grace are over', async () => {
    const customerId = await customerInJanuary(house);
    const early = parseInstant('2026-02-01T00:59:59.999Z');
    expect(await closeAt(house, early, customerId)).toEqual({ closed: [], failed: [] });
    expect((await billingOf(house, customerId)).periods.map(({ status }) => status)).toEqual([
      'open',
    ]);
  });
});

describe('closing early', () => {
  it('moves the end to that instant and the next period begins there (I4)', async () => {
    const customerId = await customerInJanuary(house);
    const at = parseInstant('2026-01-20T00:00:00.000Z');
    const after = '2026-01-25T00:00:00.000Z';
    await house.append(attempt(customerId, JANUARY), attempt(customerId, after));
    house.clock.nowMs = at;
    await house.project();
    const { periods } = await billingOf(house, customerId);
    const request = { customerId, periodId: periods[0]?.id ?? '', endMs: at, graceMs: 0 };
    const result = await closePeriod(house.deps, request);
    expect(result).toMatchObject({ ok: true, closed: { period: { endMs: at } } });
    // A second request, with another end: the first one decided.
    expect(await closePeriod(house.deps, { ...request, endMs: at - 1 })).toEqual(result);
    await closeAt(house, AFTER_JANUARY, customerId);
    const billing = await billingOf(house, customerId);
    expect(billing.periods.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [parseInstant('2026-01-01T00:00:00.000Z'), at],
      [at, parseInstant('2026-02-01T00:00:00.000Z')],
      [parseInstant('2026-02-01T00:00:00.000Z'), parseInstant('2026-03-01T00:00:00.000Z')],
    ]);
    expect([1, 2].map((number) => bodyOf(billing, number).totals.events)).toEqual([1, 1]);
  });

  it('is refused in the future and outside of the period', async () => {
    const customerId = await customerInJanuary(house);
    const { periods } = await billingOf(house, customerId);
    const request = { customerId, periodId: periods[0]?.id ?? '', graceMs: 0 };
    house.clock.nowMs = parseInstant(JANUARY);
    const codes = [house.clock.nowMs + 1, parseInstant('2025-12-31T00:00:00.000Z')].map(
      async (endMs) => {
        const result = await closePeriod(house.deps, { ...request, endMs });
        return result.ok ? 'closed' : result.refusal.code;
      },
    );
    expect(await Promise.all(codes)).toEqual(['period_not_due', 'period_end_out_of_range']);
  });
});

describe('two closers and crashes', () => {
  it('concurrent closers make one snapshot and both read it (I4)', async () => {
    const customerId = await customerInJanuary(house);
    await house.append(attempt(customerId, JANUARY));
    await house.project();
    house.clock.nowMs = AFTER_JANUARY;
    const { periods } = await billingOf(house, customerId);
    const request = { customerId, periodId: periods[0]?.id ?? '', endMs: null, graceMs: HOUR_MS };
    const results = await Promise.all([1, 2, 3, 4].map(() => closePeriod(house.deps, request)));
    const [first] = results;
    expect(first?.ok).toBe(true);
    for (const result of results) expect(result).toEqual(first);
    const events = await house.deps.ledger.read(`billing-${customerId}`);
    expect(events.map(({ type }) => type)).toEqual([
      'PeriodOpened',
      'PeriodClosing',
      'SnapshotFrozen',
      'PeriodOpened',
    ]);
  });

  it('a run that dies before or after any append is resumed to the same bytes (I4, I5)', async () => {
    const close = (customerId: string, ledger = house.deps.ledger) =>
      closeDue({ ...house.deps, ledger }, { customerIds: [customerId], graceMs: HOUR_MS });
    const deaths = Array.from({ length: 10 }, (_, i) => i + 1);
    const customers = await Promise.all(deaths.map(() => customerInJanuary(house)));
    await house.append(...customers.map((customerId) => attempt(customerId, JANUARY)));
    await house.project();
    const begun: string[] = [];
    for (const [i, customerId] of customers.entries()) {
      const died = await close(customerId, dyingAt(house.deps.ledger, i + 1));
      expect(died.failed).toMatchObject([{ error: { message: 'died' } }]);
      const [january] = (await billingOf(house, customerId)).periods;
      if (january?.status !== 'open') begun.push(customerId);
    }
    // Usage that comes in between is not below the cut if the closing had begun.
    await house.append(...begun.map((customerId) => attempt(customerId, JANUARY)));
    await house.project();
    const texts = new Set<string>();
    for (const customerId of customers) {
      await close(customerId);
      const billing = await billingOf(house, customerId);
      const { body } = await invoiceOf(house, billing, 1);
      expect(bodyOf(billing, 1).totals.events).toBe(1);
      expect(billing.periods.map(({ status }) => status)).toEqual(['frozen', 'open']);
      texts.add(JSON.stringify([body.lines, body.total_minor]));
    }
    expect(texts.size).toBe(1);
  });

  it('a period that is closing is frozen with the cut that it names', async () => {
    const customerId = await customerInJanuary(house);
    await house.append(attempt(customerId, JANUARY));
    // Dies right after PeriodClosing: appends are the cut and the closing, twice each (before,
    // after).
    await closeAt(house, AFTER_JANUARY, customerId, {
      ...house.deps,
      ledger: dyingAt(house.deps.ledger, 4),
    });
    const closing = (await billingOf(house, customerId)).periods[0];
    expect(closing?.status).toBe('closing');
    await house.append(attempt(customerId, JANUARY));
    await closeAt(house, AFTER_JANUARY + HOUR_MS, customerId);
    const body = bodyOf(await billingOf(house, customerId), 1);
    expect(body.totals.events).toBe(1);
    expect(body.cut.id).toBe(closing?.status === 'closing' ? closing.cutId : '');
  });

  it('one customer that cannot be closed does not hold up the others', async () => {
    const good = await customerInJanuary(house);
    await house.project();
    house.clock.nowMs = AFTER_JANUARY;
    const result = await closeDue(
      { ...house.deps, ledger: failingFor(house.deps.ledger, 'billing-cus_bad') },
      { customerIds: ['cus_bad', good], graceMs: HOUR_MS },
    );
    expect(result).toMatchObject({
      failed: [{ customerId: 'cus_bad' }],
      closed: [{ customerId: good }],
    });
  });
});

describe('what stops a run', () => {
  it('more lines than the ledger can hold at once, while the period can still be closed in parts', async () => {
    const customerId = await customerInJanuary(house);
    const days = [
      '2026-01-10T00:00:00.000Z',
      '2026-01-20T00:00:00.000Z',
      '2026-01-30T00:00:00.000Z',
    ];
    await house.append(
      ...days.map((time, index) => attempt(customerId, time, { key_id: `key_${index}` })),
    );
    await house.project();
    house.clock.nowMs = AFTER_JANUARY;
    const ledger = { ...house.deps.ledger, appendBytesMax: 2 * 700 };
    const close = async (endMs: number | null) => {
      const { periods } = await billingOf(house, customerId);
      const [open] = periods.filter(({ status }) => status === 'open');
      const periodId = open?.id ?? '';
      return closePeriod({ ...house.deps, ledger }, { customerId, periodId, endMs, graceMs: 0 });
    };
    await expect(close(null)).rejects.toMatchObject({ code: 'snapshot_too_large' });
    expect((await billingOf(house, customerId)).periods.map(({ status }) => status)).toEqual([
      'open',
    ]);
    expect(await close(parseInstant('2026-01-25T00:00:00.000Z'))).toMatchObject({ ok: true });
    expect(await close(null)).toMatchObject({ ok: true });
    const billing = await billingOf(house, customerId);
    expect([1, 2].map((number) => bodyOf(billing, number).totals.events)).toEqual([2, 1]);
  });
});

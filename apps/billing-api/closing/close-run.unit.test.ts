/** What a closing run does, in which order, and what it says of it, without an engine. */
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { closeDue, closePeriod } from './close-run.ts';
import type { ClosingLimits } from './closing-limits.ts';
import {
  AFTER_FEBRUARY,
  AFTER_JANUARY,
  bodyOf,
  FEBRUARY,
  HOUR_MS,
  JANUARY,
} from './testing/january.ts';
import { MemoryHouse } from './testing/memory-house.ts';

const AFTER_MARCH = parseInstant('2026-04-01T02:00:00.000Z');

let house: MemoryHouse;
beforeEach(() => {
  house = new MemoryHouse();
});

const appends = () => house.store.done.filter((call) => call.startsWith('append'));
const bounded = (closingLimits: Partial<ClosingLimits>) => ({ ...house.deps, closingLimits });

describe('a run over everything that is due', () => {
  it('appends cut, closing, snapshot, invoice and next period, in this order', async () => {
    await house.january('cus_a');
    house.usage.use('cus_a', JANUARY);
    house.store.done.length = 0;
    await house.closeAt(AFTER_JANUARY, ['cus_a']);
    expect(appends()).toEqual([
      'append CutTaken',
      'append PeriodClosing',
      'append SnapshotFrozen',
      'append InvoiceIssued',
      'append PeriodOpened',
    ]);
  });

  it('takes one cut for all periods, and waits for it once', async () => {
    await house.january('cus_a');
    await house.january('cus_b');
    house.store.done.length = 0;
    await house.closeAt(AFTER_FEBRUARY, ['cus_a', 'cus_b']);
    expect(appends().filter((call) => call === 'append CutTaken')).toHaveLength(1);
    expect(house.usage.warehouse.done.filter((call) => call === 'ask log_progress')).toEqual([
      'ask log_progress',
    ]);
    const bodies = [await house.billing('cus_a'), await house.billing('cus_b')].flatMap((billing) =>
      [1, 2].map((number) => bodyOf(billing, number)),
    );
    expect(new Set(bodies.map(({ cut }) => cut.id)).size).toBe(1);
  });

  it('says what it closed, customer by customer and in order of the periods', async () => {
    await house.january('cus_a');
    await house.january('cus_b');
    const { closed, failed } = await house.closeAt(AFTER_FEBRUARY, ['cus_b', 'cus_a']);
    expect(failed).toEqual([]);
    expect(closed.map(({ customerId, period }) => [customerId, period.number])).toEqual([
      ['cus_b', 1],
      ['cus_b', 2],
      ['cus_a', 1],
      ['cus_a', 2],
    ]);
    for (const { invoiceId } of closed) {
      expect(house.store.types(`invoice-${invoiceId}`)).toEqual(['InvoiceIssued']);
    }
  });

  it('does not name again what an earlier run closed', async () => {
    await house.january('cus_a');
    await house.closeAt(AFTER_FEBRUARY, ['cus_a']);
    const again = await house.closeAt(AFTER_FEBRUARY, ['cus_a']);
    expect(again).toEqual({ closed: [], failed: [] });
    const { closed } = await house.closeAt(AFTER_MARCH, ['cus_a']);
    expect(closed.map(({ period }) => period.number)).toEqual([3]);
  });

  it('leaves a customer without periods alone, and takes no cut for it', async () => {
    await house.customer('cus_a');
    const before = house.store.events.length;
    expect(await house.closeAt(AFTER_JANUARY, ['cus_a'])).toEqual({ closed: [], failed: [] });
    expect(house.store.events).toHaveLength(before);
  });

  it('leaves a period alone that is not due, and takes no cut for it', async () => {
    await house.january('cus_a');
    const before = house.store.events.length;
    const early = parseInstant('2026-02-01T00:59:59.999Z');
    expect(await house.closeAt(early, ['cus_a'])).toEqual({ closed: [], failed: [] });
    expect(house.store.events).toHaveLength(before);
  });

  it('names each customer that it could not close, in order, and closes the others', async () => {
    for (const customerId of ['cus_a', 'cus_b', 'cus_c']) await house.january(customerId);
    house.store.before = (call, stream) => {
      if (call.startsWith('read') && /cus_[ab]$/.test(stream)) throw new Error(`no ${stream}`);
    };
    const { closed, failed } = await house.closeAt(AFTER_JANUARY, ['cus_a', 'cus_b', 'cus_c']);
    expect(failed).toEqual([
      { customerId: 'cus_a', error: new Error('no billing-cus_a') },
      { customerId: 'cus_b', error: new Error('no billing-cus_b') },
    ]);
    expect(closed.map(({ customerId }) => customerId)).toEqual(['cus_c']);
  });

  it('refuses by name to close on a log that went back, and freezes nothing (I4)', async () => {
    for (const customerId of ['cus_a', 'cus_b']) {
      await house.january(customerId);
      house.usage.use(customerId, JANUARY);
    }
    await house.closeAt(AFTER_JANUARY, ['cus_a', 'cus_b']);
    house.usage.loseRecords();
    const { closed, failed } = await house.closeAt(AFTER_FEBRUARY, ['cus_a', 'cus_b']);
    const refusal = { code: 'cut_below_previous', number: 1 };
    expect([closed, failed]).toEqual([
      [],
      [
        { customerId: 'cus_a', refusal },
        { customerId: 'cus_b', refusal },
      ],
    ]);
    expect(await house.states('cus_a')).toEqual(['frozen', 'open']);
  });

  it('names a period that it closed although the next one is refused', async () => {
    await house.january('cus_a');
    house.usage.use('cus_a', JANUARY);
    await house.change('cus_a', { currency: 'EUR' });
    const { closed, failed } = await house.closeAt(AFTER_FEBRUARY, ['cus_a']);
    expect(closed).toMatchObject([{ customerId: 'cus_a', period: { number: 1 } }]);
    const endMs = parseInstant('2026-03-01T00:00:00.000Z');
    const refusal = { code: 'exchange_rate_missing', currency: 'EUR', endMs };
    expect(failed).toEqual([{ customerId: 'cus_a', refusal }]);
  });

  it('names a period that it closed although a later step fails, and why that failed', async () => {
    await house.january('cus_a');
    house.usage.use('cus_a', JANUARY);
    house.usage.use('cus_a', FEBRUARY, { cost: '99999999999999.000000000000' });
    const { closed, failed } = await house.closeAt(AFTER_FEBRUARY, ['cus_a']);
    expect(closed).toMatchObject([{ customerId: 'cus_a', period: { number: 1 } }]);
    expect(failed).toMatchObject([{ customerId: 'cus_a', error: { code: 'amount_too_large' } }]);
    expect(house.store.types(`invoice-${closed[0]?.invoiceId}`)).toEqual(['InvoiceIssued']);
  });
});

describe('a run that ends after its last step', () => {
  const steps = async (stepsMax: number) => {
    await house.closeAt(AFTER_JANUARY, ['cus_a'], bounded({ stepsMax }));
    return house.states('cus_a');
  };

  it('took exactly as many steps as it may', async () => {
    await house.january('cus_a');
    const states = [await steps(0), await steps(1), await steps(1), await steps(1)];
    expect(states).toEqual([['open'], ['closing'], ['frozen'], ['frozen', 'open']]);
  });

  it('issued the invoice of the snapshot that it ended with', async () => {
    await house.january('cus_a');
    house.usage.project();
    const { closed } = await closeDue(bounded({ stepsMax: 2 }), {
      customerIds: ['cus_a'],
      graceMs: HOUR_MS,
    });
    expect(await house.states('cus_a')).toEqual(['frozen']);
    expect(house.store.types(`invoice-${closed[0]?.invoiceId}`)).toEqual(['InvoiceIssued']);
  });

  it.each(['of the customer', 'of nobody'])(
    'says that the period %s is not frozen',
    async (whose) => {
      const january = await house.january('cus_a');
      const periodId = whose === 'of nobody' ? 'per_nobody' : january;
      const request = { customerId: 'cus_a', periodId, endMs: null, graceMs: 0 };
      await expect(closePeriod(bounded({ stepsMax: 0 }), request)).rejects.toThrow(
        `${periodId} is not frozen after its closing`,
      );
    },
  );
});

describe('closing one period', () => {
  const close = (periodId: string, endMs: number | null = null) => {
    house.usage.project();
    return closePeriod(house.deps, { customerId: 'cus_a', periodId, endMs, graceMs: HOUR_MS });
  };

  it('answers with the frozen period and its invoice, also when it is asked again', async () => {
    const january = await house.january('cus_a');
    house.usage.use('cus_a', JANUARY);
    const result = await close(january);
    const [period] = (await house.billing('cus_a')).periods;
    const invoiceId = house.store.events
      .find(({ type }) => type === 'InvoiceIssued')
      ?.stream.slice(8);
    expect(result).toEqual({ ok: true, closed: { customerId: 'cus_a', period, invoiceId } });
    const before = house.store.events.length;
    expect(await close(january)).toEqual(result);
    expect(house.store.events).toHaveLength(before);
  });

  it('closes that period alone, although the next one is due as well', async () => {
    const january = await house.january('cus_a');
    house.clock.nowMs = AFTER_FEBRUARY;
    expect(await close(january)).toMatchObject({ ok: true, closed: { period: { number: 1 } } });
    expect(await house.states('cus_a')).toEqual(['frozen', 'open']);
  });

  it('ends the period at the instant that was asked for', async () => {
    const january = await house.january('cus_a');
    const endMs = parseInstant('2026-01-20T00:00:00.000Z');
    house.usage.use('cus_a', JANUARY);
    house.usage.use('cus_a', '2026-01-20T00:00:00.000Z');
    expect(await close(january, endMs)).toMatchObject({ ok: true, closed: { period: { endMs } } });
    expect(bodyOf(await house.billing('cus_a'), 1).totals.events).toBe(1);
  });

  it('refuses a period that it does not know, with nothing but the refusal', async () => {
    await house.january('cus_a');
    expect(await close('per_nobody')).toEqual({ ok: false, refusal: { code: 'period_unknown' } });
  });
});

describe('too many lines', () => {
  const close = (snapshotLinesMax: number) =>
    house.closeAt(house.clock.nowMs, ['cus_a'], bounded({ snapshotLinesMax }));

  it('stop a run before the period begins to close', async () => {
    await house.january('cus_a');
    for (const keyId of ['key_1', 'key_2']) house.usage.use('cus_a', JANUARY, { keyId });
    const { failed } = await close(1);
    expect(failed).toMatchObject([{ error: { code: 'snapshot_too_large' } }]);
    expect(await house.states('cus_a')).toEqual(['open']);
    expect((await close(2)).failed).toEqual([]);
  });

  it('stop it also where the ledger could not hold them at once', async () => {
    await house.january('cus_a');
    for (const keyId of ['key_1', 'key_2']) house.usage.use('cus_a', JANUARY, { keyId });
    const ledger = { ...house.deps.ledger, appendBytesMax: 1_399 };
    const { failed } = await house.closeAt(AFTER_JANUARY, ['cus_a'], { ...house.deps, ledger });
    expect(failed).toMatchObject([{ error: { code: 'snapshot_too_large' } }]);
    expect(await house.states('cus_a')).toEqual(['open']);
  });

  it('are not those of the snapshot before, nor usage of the next period', async () => {
    await house.january('cus_a');
    house.usage.use('cus_a', JANUARY);
    house.usage.use('cus_a', FEBRUARY, { keyId: 'key_2' });
    expect((await close(1)).failed).toEqual([]);
    house.clock.nowMs = AFTER_FEBRUARY;
    expect((await close(1)).failed).toEqual([]);
    expect(await house.states('cus_a')).toEqual(['frozen', 'frozen', 'open']);
  });
});

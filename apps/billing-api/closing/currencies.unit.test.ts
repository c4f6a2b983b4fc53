import { invoiceIdOf } from '@tollgate/domain/invoice/invoice.ts';
import { frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import { snapshotBody } from '@tollgate/schemas/billing/snapshot.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadInvoice } from './streams.ts';
import { AFTER_FEBRUARY, AFTER_JANUARY, FEBRUARY, JANUARY } from './testing/january.ts';
import { MemoryHouse } from './testing/memory-house.ts';

let house: MemoryHouse;
beforeEach(() => {
  house = new MemoryHouse();
});

const END = '2026-02-01T00:00:00.000Z';

/** What the customer was billed for that period. */
async function billed(customerId: string, number: number) {
  const period = frozenPeriod(await house.billing(customerId), number);
  if (period === undefined) throw new Error(`period ${number} is not frozen`);
  const issued = await loadInvoice(house.deps.ledger, invoiceIdOf(period.snapshot.id));
  if (issued === undefined) throw new Error(`period ${number} has no invoice`);
  return {
    snapshot: snapshotBody.parse(JSON.parse(period.snapshot.body)),
    invoice: invoiceBody.parse(JSON.parse(issued.body)),
  };
}

describe('a period in another currency', () => {
  it('without a rate at its end is not closed, others are, and nothing is lost (I4)', async () => {
    await house.january('cus_eur', { currency: 'EUR' });
    await house.january('cus_usd');
    for (const customerId of ['cus_eur', 'cus_usd']) {
      house.usage.use(customerId, JANUARY, { cost: '10.000000000000' });
    }
    // Stated after the end, out of date by then, and of another currency.
    await house.publishRates({ EUR: '0.5' }, { as_of: '2026-02-01T00:00:00.001Z' });
    await house.publishRates({ EUR: '0.6' }, { valid_until: '2026-01-31T23:59:59.999Z' });
    await house.publishRates({ JPY: '150' });
    const { closed, failed } = await house.closeAt(AFTER_JANUARY, ['cus_eur', 'cus_usd']);
    const refusal = { code: 'exchange_rate_missing', currency: 'EUR', endMs: parseInstant(END) };
    expect(failed).toEqual([{ customerId: 'cus_eur', refusal }]);
    expect(closed.map(({ customerId }) => customerId)).toEqual(['cus_usd']);
    expect(house.store.types('billing-cus_eur')).toEqual(['PeriodOpened']);
    await house.publishRates({ EUR: '0.9' });
    expect((await house.closeAt(AFTER_JANUARY, ['cus_eur'])).failed).toEqual([]);
    const { invoice, snapshot } = await billed('cus_eur', 1);
    // Ten dollars and a fifth.
    expect([invoice.currency, invoice.total_minor]).toEqual(['EUR', 1_080]);
    expect(snapshot.totals.cost).toBe('10.000000000000');
    expect(snapshot.exchange_rate).toEqual({
      ...{ base: 'USD', quote: 'EUR', numerator: '9', denominator: '10' },
      ...{ source: 'finance', as_of: '2026-01-01T00:00:00.000Z', version: 'xrt_EUR,0.9' },
    });
    expect(invoice.exchange_rate).toEqual(snapshot.exchange_rate);
  });

  it('alone without a rate leaves no cut behind', async () => {
    await house.january('cus_eur', { currency: 'EUR' });
    await house.closeAt(AFTER_JANUARY, ['cus_eur']);
    expect(house.store.events.filter(({ stream }) => stream.startsWith('cut-'))).toEqual([]);
  });

  it('keeps the rate with which it began to close, through a crash and a correction (I5)', async () => {
    await house.january('cus_eur', { currency: 'EUR' });
    house.usage.use('cus_eur', JANUARY, { cost: '10.000000000000' });
    await house.publishRates({ EUR: '0.9' });
    await house.closeAt(AFTER_JANUARY, ['cus_eur'], {
      ...house.deps,
      closingLimits: { stepsMax: 1 },
    });
    expect(await house.states('cus_eur')).toEqual(['closing']);
    await house.publishRates({ EUR: '0.8' });
    await house.closeAt(AFTER_JANUARY, ['cus_eur']);
    expect((await billed('cus_eur', 1)).invoice.total_minor).toBe(1_080);
  });

  it('has late usage at the rate of its own period, so a correction gives back what was charged', async () => {
    await house.january('cus_eur', { currency: 'EUR' });
    house.usage.use('cus_eur', JANUARY, { cost: '100.000000000000' });
    await house.publishRates({ EUR: '0.92' });
    await house.closeAt(AFTER_JANUARY, ['cus_eur']);
    house.usage.use('cus_eur', JANUARY, { cost: '-100.000000000000' });
    house.usage.use('cus_eur', FEBRUARY, { cost: '1.000000000000' });
    await house.publishRates({ EUR: '0.93' }, { as_of: '2026-02-28T15:00:00.000Z' });
    await house.closeAt(AFTER_FEBRUARY, ['cus_eur']);
    expect((await billed('cus_eur', 1)).invoice.total_minor).toBe(11_040);
    const { lines } = (await billed('cus_eur', 2)).invoice;
    expect(
      lines.map(({ kind, amount_minor, exchange_rate }) => [
        kind,
        amount_minor,
        exchange_rate?.version,
      ]),
    ).toEqual([
      ['late_usage', -11_040, 'xrt_EUR,0.92'],
      ['usage', 112, undefined],
    ]);
  });
});

describe('a change of currency', () => {
  it('binds from the next period: an open one is billed in its own', async () => {
    await house.january('cus_a');
    house.usage.use('cus_a', JANUARY, { cost: '1.000000000000' });
    house.usage.use('cus_a', FEBRUARY, { cost: '1.000000000000' });
    await house.change('cus_a', { currency: 'JPY' });
    await house.publishRates({ JPY: '150' });
    expect((await house.closeAt(AFTER_JANUARY, ['cus_a'])).failed).toEqual([]);
    // What was of the first period is late now, and its period has no rate to yen.
    house.usage.use('cus_a', JANUARY, { cost: '2.000000000000' });
    await house.closeAt(AFTER_FEBRUARY, ['cus_a']);
    const [first, second] = [await billed('cus_a', 1), await billed('cus_a', 2)];
    expect([first.invoice.currency, first.invoice.total_minor]).toEqual(['USD', 120]);
    expect(second.invoice.currency).toBe('JPY');
    expect(second.invoice.lines.map((line) => line.amount_minor)).toEqual([360, 180]);
    expect(second.invoice.lines.some((line) => 'exchange_rate' in line)).toBe(false);
  });
});

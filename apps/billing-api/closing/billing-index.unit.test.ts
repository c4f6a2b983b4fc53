/** What the read model of bills shows, and from when on, without an engine. */

import { frozenPeriod, noBilling } from '@tollgate/domain/period/billing.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingIndex } from './billing-index.ts';
import { AFTER_JANUARY, JANUARY } from './testing/january.ts';
import { MemoryHouse } from './testing/memory-house.ts';

let house: MemoryHouse;
let index: BillingIndex;
let lost: unknown[];
beforeEach(() => {
  house = new MemoryHouse();
  lost = [];
  index = new BillingIndex({
    ledger: house.store,
    retryMs: { first: 1, max: 1 },
    onLost: (error) => {
      lost.push(error);
      void index.stop();
    },
  });
});
afterEach(async () => {
  await index.stop();
  expect(lost).toEqual([]);
});

/** Two customers with usage in January, closed. */
async function twoClosed(): Promise<void> {
  for (const customerId of ['cus_a', 'cus_b']) {
    await house.january(customerId);
    house.usage.use(customerId, JANUARY);
  }
  await house.closeAt(AFTER_JANUARY, ['cus_a', 'cus_b']);
}

const ids = (entries: readonly { customerId: string }[]) =>
  entries.map((entry) => entry.customerId);

describe('after its start the read model', () => {
  it('shows periods, snapshots and invoices as the ledger has them', async () => {
    await twoClosed();
    await index.start();
    const billing = await house.billing('cus_a');
    const period = frozenPeriod(billing, 1);
    const id = period?.snapshot.id ?? '';
    const { hash } = period?.snapshot ?? {};
    const entry = { customerId: 'cus_a', periodId: period?.id, number: 1 };
    expect(index.period(period?.id ?? '')).toEqual(entry);
    const frozenAtMs = AFTER_JANUARY;
    expect(index.snapshot(id)).toEqual({ ...entry, id, hash, frozenAtMs });
    const invoiceId = id.replace('snp_', 'inv_');
    expect(index.invoice(invoiceId)).toEqual({
      id: invoiceId,
      customerId: 'cus_a',
      creditedMinor: 0,
      number: null,
      snapshotId: id,
      snapshotHash: hash,
      hash: house.store.texts(`invoice-${invoiceId}`, 0)['hash'],
      currency: 'USD',
      totalMinor: 120,
      periodId: period?.id,
      periodNumber: 1,
      periodStart: '2026-01-01T00:00:00.000Z',
      periodEnd: '2026-02-01T00:00:00.000Z',
      issuedAtMs: AFTER_JANUARY,
    });
  });

  it('lists those of one customer, or of all in the order in which they came', async () => {
    await twoClosed();
    await index.start();
    expect(ids(index.periods(undefined))).toEqual(['cus_a', 'cus_b', 'cus_a', 'cus_b']);
    expect(ids(index.snapshots(undefined))).toEqual(['cus_a', 'cus_b']);
    expect(ids(index.invoices(undefined))).toEqual(['cus_a', 'cus_b']);
    expect(ids(index.periods('cus_b'))).toEqual(['cus_b', 'cus_b']);
    expect(ids(index.snapshots('cus_b'))).toEqual(['cus_b']);
    expect(ids(index.invoices('cus_b'))).toEqual(['cus_b']);
    expect(index.periods('cus_nobody')).toEqual([]);
  });

  it('has the periods of a customer as the stream has them, without the bodies', async () => {
    await twoClosed();
    await index.start();
    const { periods } = await house.billing('cus_a');
    const slim = periods.map((period) =>
      period.status === 'frozen'
        ? { ...period, snapshot: { ...period.snapshot, body: '' } }
        : period,
    );
    expect(index.billing('cus_a')).toEqual({ periods: slim });
    expect(index.billing('cus_nobody')).toBe(noBilling);
  });

  it('has nothing of a period that is open but the period', async () => {
    const periodId = await house.january('cus_a');
    await index.start();
    expect(index.periods(undefined)).toEqual([{ customerId: 'cus_a', periodId, number: 1 }]);
    expect(index.snapshots(undefined)).toEqual([]);
  });

  it('passes over what a later Tollgate wrote into the stream of an invoice', async () => {
    const event = { id: 'e1', type: 'InvoiceExported', data: {} };
    await house.store.append('invoice-inv_1', 'no_stream', [event]);
    await twoClosed();
    await index.start();
    expect(ids(index.invoices(undefined))).toEqual(['cus_a', 'cus_b']);
  });
});

describe('who has written', () => {
  it('can wait until it is shown', async () => {
    await index.start();
    await twoClosed();
    expect(await index.seesBilling('cus_b', 3n, 1_000)).toBe(true);
    const [invoice] = index.invoices('cus_b');
    expect(await index.seesInvoice(invoice?.id ?? '', 0)).toBe(true);
  });

  it('is told when it is not shown within the time', async () => {
    await twoClosed();
    await index.start();
    expect(await index.seesBilling('cus_b', 4n, 1)).toBe(false);
    expect(await index.seesInvoice('inv_nobody', 1)).toBe(false);
  });
});

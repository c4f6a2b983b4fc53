/** What must stop a closing rather than be frozen or issued. */
import { billingEvents, invoiceEvents } from '@tollgate/adapters/ledger/categories.ts';
import { AppendTooLarge, type Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { invoiceIdOf } from '@tollgate/domain/invoice/invoice.ts';
import { frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeDue } from './close-run.ts';
import type { ClosingDeps } from './closing-deps.ts';
import { issueInvoice } from './freeze.ts';
import { loadInvoice } from './streams.ts';
import { attempt, type ClosingHouse, openClosingHouse } from './testing/closing-house.ts';
import {
  AFTER_JANUARY,
  billingOf,
  closeAt,
  customerInJanuary,
  HOUR_MS,
  JANUARY,
} from './testing/january.ts';

let house: ClosingHouse;
beforeAll(async () => {
  house = await openClosingHouse();
});
afterAll(() => house.close());

/** Closes January of a new customer with one attempt. @returns what stopped it, and the states */
async function stoppedBy(change: (deps: ClosingDeps) => Partial<ClosingDeps>) {
  const customerId = await customerInJanuary(house);
  await house.append(attempt(customerId, JANUARY), attempt(customerId, JANUARY));
  const deps = { ...house.deps, ...change(house.deps) };
  const { failed } = await closeAt(house, AFTER_JANUARY, customerId, deps);
  const states = (await billingOf(house, customerId)).periods.map(({ status }) => status);
  return { error: failed.map((failure) => 'error' in failure && failure.error), states };
}

/** A ledger that cannot append the events of one type. */
function refusing(ledger: Ledger, type: string, error: Error): Ledger {
  return {
    ...ledger,
    async append(stream, expected, events) {
      if (events.some((event) => event.type === type)) throw error;
      return ledger.append(stream, expected, events);
    },
  };
}

/** A warehouse that loses a row between the sums and the leaves. */
function losingALeaf(warehouse: Warehouse): Warehouse {
  return {
    ...warehouse,
    async query(sql, params) {
      const rows = await warehouse.query(sql, params);
      return (sql.includes('leaf_hash') ? rows.slice(1) : rows) as never;
    },
  };
}

describe('nothing is frozen', () => {
  it('that the ledger cannot hold at once: the run says that the snapshot is too large', async () => {
    const { error, states } = await stoppedBy(({ ledger }) => ({
      ledger: refusing(ledger, 'SnapshotFrozen', new AppendTooLarge('nine bytes')),
    }));
    expect(states).toEqual(['closing']);
    expect(error).toMatchObject([{ name: 'ClosingError', code: 'snapshot_too_large' }]);
  });

  it('while the ledger does not answer, and the error stays what it is', async () => {
    const down = new Error('no connection');
    const { error, states } = await stoppedBy(({ ledger }) => ({
      ledger: refusing(ledger, 'SnapshotFrozen', down),
    }));
    expect(states).toEqual(['closing']);
    expect(error).toEqual([down]);
  });

  it('whose lines do not cover exactly its leaves (I4)', async () => {
    const { error, states } = await stoppedBy(({ warehouse }) => ({
      warehouse: losingALeaf(warehouse),
    }));
    expect(states).toEqual(['closing']);
    expect(error).toMatchObject([{ code: 'leaf_count_differs' }]);
    expect(String(error)).toContain('2 events in lines, 1 leaves');
  });
});

describe('the invoice of a snapshot', () => {
  async function frozenJanuary() {
    const customerId = await customerInJanuary(house);
    await closeAt(house, AFTER_JANUARY, customerId);
    const period = frozenPeriod(await billingOf(house, customerId), 1);
    if (period === undefined) throw new Error('not frozen');
    const issued = await loadInvoice(house.deps.ledger, invoiceIdOf(period.snapshot.id));
    if (issued === undefined) throw new Error('not issued');
    return { customerId, period, issued };
  }

  it('is issued once, however many closers ask', async () => {
    const { period, issued } = await frozenJanuary();
    const ids = await Promise.all([1, 2, 3].map(() => issueInvoice(house.deps.ledger, period)));
    expect(ids).toEqual(Array(3).fill(issued.invoice_id));
    expect(await house.deps.ledger.read(invoiceEvents.of(issued.invoice_id))).toHaveLength(1);
  });

  it('that another snapshot made is reported, not overwritten', async () => {
    const { period } = await frozenJanuary();
    const other = { ...period, snapshot: { ...period.snapshot, hash: '0'.repeat(64) } };
    await expect(issueInvoice(house.deps.ledger, other)).rejects.toMatchObject({
      code: 'invoice_differs',
      message: expect.stringContaining('is of another snapshot'),
    });
  });

  /** Hides the invoice from the first look, as if another closer issued it just after. */
  function issuedMeanwhile(change: object): Ledger {
    const { ledger } = house.deps;
    let looks = 0;
    return {
      ...ledger,
      append: async () => ({ ok: false, actual: 0n }),
      async read(stream, options) {
        const events = await ledger.read(stream, options);
        looks += 1;
        if (looks === 1) return [];
        return events.map((event) => ({
          ...event,
          data: { ...(event.data as object), ...change },
        }));
      },
    };
  }

  it('that another closer issued meanwhile is taken if it is the same, and reported if not', async () => {
    const { period, issued } = await frozenJanuary();
    expect(await issueInvoice(issuedMeanwhile({}), period)).toBe(issued.invoice_id);
    const different = issuedMeanwhile({ hash: '0'.repeat(64) });
    await expect(issueInvoice(different, period)).rejects.toMatchObject({
      code: 'invoice_differs',
      message: expect.stringContaining('was issued with another body'),
    });
  });

  it('is issued by the next run if its own run died before', async () => {
    const customerId = await customerInJanuary(house);
    const ledger = refusing(house.deps.ledger, 'InvoiceIssued', new Error('died'));
    await closeAt(house, AFTER_JANUARY, customerId, { ...house.deps, ledger });
    const id = invoiceIdOf(frozenPeriod(await billingOf(house, customerId), 1)?.snapshot.id ?? '');
    expect(await loadInvoice(house.deps.ledger, id)).toBeUndefined();
    const { closed } = await closeDue(house.deps, { customerIds: [customerId], graceMs: HOUR_MS });
    // The period was frozen by the run before, so this run does not count it as its own.
    expect(closed).toEqual([]);
    expect(await loadInvoice(house.deps.ledger, id)).toMatchObject({ invoice_id: id });
    const stream = await house.deps.ledger.read(billingEvents.of(customerId));
    expect(stream.map(({ type }) => type).at(-1)).toBe('PeriodOpened');
  });
});

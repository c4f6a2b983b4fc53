/** Invoice numbers without a gap and without a duplicate, whatever dies and however many compete. */

import { customerEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { BillingDetails } from '@tollgate/domain/invoice/billing-details.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { AFTER_FEBRUARY, AFTER_JANUARY } from '../closing/testing/january.ts';
import { numberInvoice } from './number-invoice.ts';
import { InvoicedHouse } from './testing/invoiced-house.ts';

let house: InvoicedHouse;
beforeEach(() => {
  house = new InvoicedHouse();
});

const first = (count: number) =>
  Array.from({ length: count }, (_, i) => `INV-2026-${String(i + 1).padStart(6, '0')}`);

/** A process that is killed at its n-th call of the ledger: before it, or after it, unanswered. */
function killedAt(
  ledger: Ledger,
  n: number,
  after: boolean,
): { ledger: Ledger; dead: Promise<void> } {
  const { promise: dead, resolve: die } = Promise.withResolvers<void>();
  const never = new Promise<never>(() => undefined);
  let calls = 0;
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls < n) return await work();
    if (calls === n && after) await work();
    die();
    return await never;
  };
  return {
    dead,
    ledger: {
      ...ledger,
      append: (...args) => call(() => ledger.append(...args)),
      read: (...args) => call(() => ledger.read(...args)),
    },
  };
}

async function billTo(customerId: string, details: Partial<BillingDetails>): Promise<void> {
  const nothing = { legal_name: null, address: null, tax_id: null, reference: null };
  const billing_details = { ...nothing, locale: null, seller: null, tax: null, ...details };
  const stream = customerEvents.of(customerId);
  const data = { customer_id: customerId, billing_details };
  const changed = newLedgerEvent(
    stream,
    { type: 'CustomerUpdated', data },
    JSON.stringify(details),
  );
  const revision = BigInt(house.store.of(stream).length - 1);
  await house.deps.ledger.append(stream, revision, [changed]);
}

describe('numbers of a series', () => {
  it.each([
    ['have no gap and no duplicate when a process is killed before any of its calls', false],
    ['have no gap and no duplicate when a process is killed after any of its calls', true],
  ])('%s', async (_title, after) => {
    let killed = 0;
    for (let n = 1; ; n++) {
      house = new InvoicedHouse();
      const ids = await house.invoicesOf(['cus_a', 'cus_b', 'cus_c']);
      const process = killedAt(house.deps.ledger, n, after);
      const all = (async () => {
        for (const id of ids) await numberInvoice(house.numbering(process.ledger), id);
      })();
      const done = await Promise.race([all.then(() => true), process.dead.then(() => false)]);
      if (done) break;
      killed += 1;
      // Whichever process comes next goes on, in another order.
      for (const id of ids.toReversed()) await numberInvoice(house.numbering(), id);
      const numbers = house.numbersOf(ids);
      expect(numbers.toSorted()).toEqual(first(3));
    }
    expect(killed).toBeGreaterThan(15);
  });

  it('have no gap and no duplicate when six processes number seven invoices at once', async () => {
    const customers = [1, 2, 3, 4, 5, 6, 7].map((n) => `cus_${n}`);
    const ids = await house.invoicesOf(customers);
    const processes = [0, 1, 2, 3, 4, 5].map((turn) => {
      const order = [...ids.slice(turn), ...ids.slice(0, turn)];
      return Promise.all(order.map((id) => numberInvoice(house.numbering(), id)));
    });
    const answers = await Promise.all(processes);
    expect(house.numbersOf(ids).toSorted()).toEqual(first(7));
    // All of them were told the number that the invoice has.
    for (const [turn, told] of answers.entries()) {
      const order = [...ids.slice(turn), ...ids.slice(0, turn)];
      const numbers = told.map((numbering) => 'number' in numbering && numbering.number);
      expect(numbers).toEqual(house.numbersOf(order));
    }
  });

  it('are given by a closing run, and one that died before them is finished by the next', async () => {
    await house.january('cus_a');
    const { store, usage } = house;
    usage.use('cus_a', '2026-01-10T12:00:00.000Z');
    store.before = (call) => {
      if (call === 'append InvoiceTermsFixed') throw new Error('killed');
    };
    await house.closeAt(AFTER_JANUARY, ['cus_a'], house.numbering());
    expect(store.events.filter(({ type }) => type === 'InvoiceTermsFixed')).toEqual([]);
    store.before = () => undefined;
    await house.closeAt(AFTER_FEBRUARY, ['cus_a'], house.numbering());
    const issued = store.events.filter(({ type }) => type === 'InvoiceIssued');
    const ids = issued.map(({ stream }) => stream.replace('invoice-', ''));
    expect(house.numbersOf(ids)).toEqual(first(2));
  });

  it('are of the seller that the customer names, each with a series of its own', async () => {
    const ids = await house.invoicesOf(['cus_a', 'cus_b', 'cus_c']);
    await billTo('cus_b', { seller: 'toll' });
    for (const id of ids) await numberInvoice(house.numbering(), id);
    expect(house.numbersOf(ids)).toEqual(['INV-2026-000001', 'T-1', 'INV-2026-000002']);
  });

  it('begin again with the year in the seller’s zone, if they name it', async () => {
    const [a, b, c] = (await house.invoicesOf(['cus_a', 'cus_b', 'cus_c'])) as [
      string,
      string,
      string,
    ];
    await numberInvoice(house.numbering(), a);
    house.clock.nowMs = parseInstant('2026-12-31T23:59:59.999Z');
    await numberInvoice(house.numbering(), b);
    house.clock.nowMs = parseInstant('2027-01-01T00:00:00.000Z');
    await numberInvoice(house.numbering(), c);
    expect(house.numbersOf([a, b, c])).toEqual([...first(2), 'INV-2027-000001']);
  });

  it('are found in a long series with few reads', async () => {
    const customers = Array.from({ length: 40 }, (_, i) => `cus_${i}`);
    const ids = await house.invoicesOf(customers);
    for (const id of ids.slice(1)) await numberInvoice(house.numbering(), id);
    house.store.done.length = 0;
    await numberInvoice(house.numbering(), ids[0] as string);
    expect(house.numbersOf(ids)[0]).toBe('INV-2026-000040');
    const reads = house.store.done.filter((call) => call.startsWith('read invoice_series-'));
    expect(reads.length).toBeLessThan(16);
  });
});

describe('without a seller', () => {
  it('an invoice has no number, and gets one when there is a seller', async () => {
    const [id] = (await house.invoicesOf(['cus_a'])) as [string];
    expect(await numberInvoice(house.deps, id)).toEqual({ kind: 'no_seller' });
    await billTo('cus_a', { seller: 'gone' });
    expect(await numberInvoice(house.numbering(), id)).toEqual({ kind: 'no_seller' });
    await billTo('cus_a', {});
    expect(await numberInvoice(house.numbering(), id)).toEqual({
      kind: 'numbered',
      number: 'INV-2026-000001',
    });
  });
});

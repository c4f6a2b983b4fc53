/** Reads the ledger streams that a bill is made from, whole and parsed. */
import {
  billingEvents,
  customerEvents,
  exchangeRateEvents,
  invoiceEvents,
} from '@tollgate/adapters/ledger/categories.ts';
import type { ExpectedRevision, Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { foldStream, readEvents } from '@tollgate/adapters/ledger/read-stream.ts';
import { type Customer, evolveCustomer } from '@tollgate/domain/customer/customer.ts';
import type { CustomerEvent } from '@tollgate/domain/customer/customer-events.ts';
import type { RateTable } from '@tollgate/domain/exchange/exchange-rate.ts';
import { EXCHANGE_RATES_ID } from '@tollgate/domain/exchange/exchange-rate-events.ts';
import { evolveInvoice, type IssuedInvoice } from '@tollgate/domain/invoice/issued-invoice.ts';
import { type Billing, evolveBilling, noBilling } from '@tollgate/domain/period/billing.ts';
import type { InvoiceEvent, InvoiceIssued } from '@tollgate/domain/period/period-events.ts';
import { ClosingError } from './closing-error.ts';
import { closingLimits } from './closing-limits.ts';

export type LoadedBilling = {
  billing: Billing;
  /** What an append that is decided from this state has to expect. */
  revision: ExpectedRevision;
};

export async function loadBilling(ledger: Ledger, customerId: string): Promise<LoadedBilling> {
  const { state, revision } = await foldStream(
    ledger,
    {
      category: billingEvents,
      stream: billingEvents.of(customerId),
      pageEvents: closingLimits.streamPageEvents,
    },
    evolveBilling,
    noBilling,
  );
  return { billing: state, revision };
}

/** The first event of its stream; undefined before it was issued. */
export async function loadInvoice(
  ledger: Ledger,
  invoiceId: string,
): Promise<InvoiceIssued['data'] | undefined> {
  const [event] = await ledger.read(invoiceEvents.of(invoiceId), { limit: 1 });
  if (event === undefined) return undefined;
  const first = invoiceEvents.parse(event);
  if (first.type !== 'InvoiceIssued') throw new Error(`${event.stream} begins with ${first.type}`);
  return first.data;
}

/** The whole stream; undefined before it was issued. */
export async function loadIssuedInvoice(
  ledger: Ledger,
  invoiceId: string,
): Promise<IssuedInvoice | undefined> {
  const { state } = await foldStream(
    ledger,
    {
      category: invoiceEvents,
      stream: invoiceEvents.of(invoiceId),
      pageEvents: closingLimits.streamPageEvents,
    },
    (invoice: IssuedInvoice | undefined, event: InvoiceEvent) => evolveInvoice(invoice, event),
    undefined,
  );
  return state;
}

/**
 * All tables of exchange rates, in the order of their publication: at one a day, 2 MB a year.
 */
export async function loadRateTables(ledger: Ledger): Promise<RateTable[]> {
  const tables: RateTable[] = [];
  const stream = exchangeRateEvents.of(EXCHANGE_RATES_ID);
  const page = { pageEvents: closingLimits.streamPageEvents };
  for await (const { event } of readEvents(ledger, exchangeRateEvents, stream, page)) {
    tables.push(event.data);
  }
  return tables;
}

/** @throws ClosingError customer_unknown */
export async function loadCustomer(ledger: Ledger, customerId: string): Promise<Customer> {
  const { state } = await foldStream(
    ledger,
    {
      category: customerEvents,
      stream: customerEvents.of(customerId),
      pageEvents: closingLimits.streamPageEvents,
    },
    (customer: Customer | undefined, event: CustomerEvent) => evolveCustomer(customer, event),
    undefined,
  );
  if (state === undefined) {
    throw new ClosingError('customer_unknown', `no customer ${customerId}`);
  }
  return state;
}
